/* SPDX-License-Identifier: Apache-2.0 */
/* The demo plugin in C: events of one size with a counter and its text, three fields of them, and no heap.
 *
 * Init config: bytes of a payload, 44 to 4,096 (64 where there is none). Open params: the number of events.
 * Payload: the counter, little-endian, then `event number <n>` and zeros. */
#include <falconet.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { SLOTS = 8, EVENTS = 128, LARGEST = 4096, TEXT = 8 };

/* The host has several plugin states, and several instances, at once. */
static struct state {
	uint32_t slot, payload;
	falconet_last_error error;
	falconet_results *results;
	uint8_t memory[FALCONET_RESULTS_SIZE];
} states[SLOTS];

static struct instance {
	uint32_t slot;
	uint64_t next, end;
	falconet_batch *batch;
} instances[SLOTS];

static falconet_slots used_states, used_instances;
static uint8_t memory[SLOTS][FALCONET_BATCH_SIZE(EVENTS, EVENTS * (LARGEST + 40))];
static const falconet_pool pool = { memory, sizeof memory, SLOTS, EVENTS, EVENTS * (LARGEST + 40) };

EXPORT const char *plugin_get_required_api_version(void) { return "3.1.0"; }
EXPORT const char *plugin_get_name(void) { return "demo"; }
EXPORT const char *plugin_get_version(void) { return "0.1.0"; }
EXPORT const char *plugin_get_description(void) { return "A counter and its text"; }
EXPORT const char *plugin_get_contact(void) { return "falconet's authors"; }
EXPORT uint32_t plugin_get_id(void) { return 999; }
EXPORT const char *plugin_get_event_source(void) { return "demo"; }
EXPORT const char *plugin_get_extract_event_sources(void) { return "[\"demo\"]"; }
EXPORT const char *plugin_get_last_error(struct state *state) { return falconet_last_error_get(state ? &state->error : NULL); }
EXPORT const char *plugin_get_fields(void)
{
	return "[{\"type\":\"uint64\",\"name\":\"demo.num\",\"desc\":\"the counter\"},"
	       "{\"type\":\"string\",\"name\":\"demo.text\",\"desc\":\"the text\"},"
	       "{\"type\":\"uint64\",\"name\":\"demo.double\",\"desc\":\"twice the counter\"}]";
}
EXPORT const uint16_t *plugin_get_extract_event_types(uint32_t *count, struct state *state)
{
	static const uint16_t types[] = { FALCONET_EVENT_PLUGIN };
	(void)state;
	*count = 1;
	return types;
}

/* A decimal number, and nothing else. */
static bool number(const char *text, uint64_t *value)
{
	const char *c = text;
	for (*value = 0; *c >= '0' && *c <= '9' && *value < UINT64_MAX / 10; c++)
		*value = *value * 10 + (uint64_t)(*c - '0');
	return c != text && *c == '\0';
}

EXPORT struct state *plugin_init(const struct ss_plugin_init_input *input, int32_t *rc)
{
	const char *config = falconet_init_config(input);
	struct state *state;
	uint64_t payload = 64;
	uint32_t slot;
	*rc = FALCONET_RC_FAILURE;
	if (falconet_slots_take(&used_states, SLOTS, &slot))
		return NULL;
	state = &states[slot];
	state->slot = slot;
	falconet_last_error_clear(&state->error);
	falconet_results_init(state->memory, sizeof state->memory, false, &state->results);
	if (*config && (!number(config, &payload) || payload < 44 || payload > LARGEST)) {
		falconet_last_error_set(&state->error, "the init config is the payload's size in bytes, from 44 to 4096");
		return state;
	}
	state->payload = (uint32_t)payload;
	*rc = FALCONET_RC_SUCCESS;
	return state;
}
EXPORT void plugin_destroy(struct state *state)
{
	if (state)
		falconet_slots_give_back(&used_states, state->slot);
}

EXPORT struct instance *plugin_open(struct state *state, const char *params, int32_t *rc)
{
	uint64_t end;
	uint32_t slot;
	falconet_batch *batch;
	*rc = FALCONET_RC_FAILURE;
	if (!params || !number(params, &end)) {
		falconet_last_error_set(&state->error, "the open params are the number of events");
	} else if (falconet_slots_take(&used_instances, SLOTS, &slot)) {
		falconet_last_error_set(&state->error, "all instances are in use: close one");
	} else if (falconet_pool_lease(&pool, &batch)) {
		falconet_slots_give_back(&used_instances, slot);
		falconet_last_error_set(&state->error, "all batches are in use: close an instance");
	} else {
		falconet_batch_use_slots(batch, 999, state->payload);
		instances[slot] = (struct instance){ slot, 0, end, batch };
		*rc = FALCONET_RC_SUCCESS;
		return &instances[slot];
	}
	return NULL;
}
EXPORT void plugin_close(struct state *state, struct instance *instance)
{
	(void)state;
	if (instance && falconet_batch_give_back(instance->batch) == FALCONET_OK)
		falconet_slots_give_back(&used_instances, instance->slot);
}

EXPORT int32_t plugin_next_batch(struct state *state, struct instance *instance, uint32_t *count, struct ss_plugin_event ***events)
{
	falconet_write_view *payload;
	falconet_code code;
	uint8_t *at;
	*count = 0;
	code = falconet_batch_take_back(instance->batch);
	while (!code && instance->next < instance->end && !(code = falconet_batch_claim(instance->batch, &payload))) {
		if ((code = falconet_write_view_place(payload, TEXT + 13, &at)))
			break;
		for (int i = 0; i < TEXT; i++)
			at[i] = (uint8_t)(instance->next >> 8 * i);
		memcpy(at + TEXT, "event number ", 13);
		code = falconet_write_view_write_decimal(payload, instance->next);
		if (code || (code = falconet_batch_commit(instance->batch, UINT64_MAX)))
			break;
		instance->next++;
	}
	if (code < 0 || (code = falconet_batch_lend(instance->batch, count, events)) < 0) {
		falconet_last_error_set_code(&state->error, code);
		return FALCONET_RC_FAILURE;
	}
	return *count ? FALCONET_RC_SUCCESS : FALCONET_RC_EOF;
}

EXPORT int32_t plugin_extract_fields(struct state *state, const struct ss_plugin_event_input *event, const struct ss_plugin_field_extract_input *input)
{
	falconet_extraction call;
	uint64_t counter = 0;
	uint32_t id;
	if (falconet_extraction_begin(state->results, event, input, &call) || call.event.payload_len <= TEXT)
		return FALCONET_RC_FAILURE;
	for (int i = 0; i < TEXT; i++)
		counter |= (uint64_t)call.event.payload[i] << 8 * i;
	while (falconet_extraction_next(&call, &id) == FALCONET_OK) {
		switch (id) {
		case 0: falconet_result_u64(&call, counter); break;
		case 1: falconet_result_c_str(&call, (const char *)call.event.payload + TEXT); break;
		case 2: falconet_result_u64(&call, counter * 2); break;
		default: return FALCONET_RC_FAILURE;
		}
	}
	return FALCONET_RC_SUCCESS;
}

EXPORT const char *plugin_event_to_string(struct state *state, const struct ss_plugin_event_input *input)
{
	falconet_event event;
	const char *text = NULL;
	(void)state;
	if (falconet_event_of_input(input, &event) == FALCONET_OK)
		falconet_event_text(&event, TEXT, &text);
	return text;
}
