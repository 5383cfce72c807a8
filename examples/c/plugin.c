/* SPDX-License-Identifier: Apache-2.0 */
/* The demo plugin in C: events of one size with a counter and its text, three fields of them, and no heap.
 *
 * Init config: bytes of a payload, 44 to 4,096 (64 where there is none). Open params: the number of events.
 * Payload: the counter, little-endian, then `event number <n>` and zeros. */
#include <falconet.h>
#include <string.h>

enum { SLOTS = 8, EVENTS = 128, LARGEST = 4096, ROOM = EVENTS * (LARGEST + 40), TEXT = 8, NUMBER = TEXT + 13 };

/* A host may have several plugin states, and several instances, at once. */
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
static uint8_t memory[SLOTS][FALCONET_BATCH_SIZE(EVENTS, ROOM)];
static const falconet_pool pool = { memory, sizeof memory, SLOTS, EVENTS, ROOM };

const char *plugin_get_required_api_version(void) { return "3.0.0"; }
const char *plugin_get_name(void) { return "demo"; }
const char *plugin_get_version(void) { return "0.1.0"; }
const char *plugin_get_description(void) { return "A counter and its text"; }
const char *plugin_get_contact(void) { return "falconet's authors"; }
uint32_t plugin_get_id(void) { return 999; }
const char *plugin_get_event_source(void) { return "demo"; }
const char *plugin_get_last_error(struct state *state) { return falconet_last_error_get(state ? &state->error : NULL); }
const char *plugin_get_fields(void)
{
	return "[{\"type\":\"uint64\",\"name\":\"demo.num\",\"desc\":\"the counter\"},"
	       "{\"type\":\"string\",\"name\":\"demo.text\",\"desc\":\"the text\"},"
	       "{\"type\":\"uint64\",\"name\":\"demo.double\",\"desc\":\"twice the counter\"}]";
}

/* A decimal number, and nothing else. */
static bool number(const char *text, uint64_t *value)
{
	const char *c = text;
	for (*value = 0; *c >= '0' && *c <= '9' && *value < UINT64_MAX / 10; c++)
		*value = *value * 10 + (uint64_t)(*c - '0');
	return c != text && *c == '\0';
}

struct state *plugin_init(const struct ss_plugin_init_input *input, int32_t *rc)
{
	const char *config = falconet_init_config(input);
	uint64_t payload = 64;
	uint32_t slot;
	*rc = FALCONET_RC_FAILURE;
	if (falconet_slots_take(&used_states, SLOTS, &slot))
		return NULL;
	struct state *state = &states[slot];
	state->slot = slot;
	falconet_last_error_set(&state->error, "the init config is the payload's size in bytes, from 44 to 4096");
	falconet_results_init(state->memory, sizeof state->memory, false, &state->results);
	if (!*config || (number(config, &payload) && payload >= 44 && payload <= LARGEST))
		*rc = FALCONET_RC_SUCCESS;
	state->payload = (uint32_t)payload;
	return state;
}
void plugin_destroy(struct state *state) { if (state) falconet_slots_give_back(&used_states, state->slot); }

struct instance *plugin_open(struct state *state, const char *params, int32_t *rc)
{
	struct instance opened = { 0 };
	falconet_code code;
	*rc = FALCONET_RC_FAILURE;
	falconet_last_error_set(&state->error, "the open params are the number of events");
	if (!params || !number(params, &opened.end))
		return NULL;
	if ((code = falconet_pool_lease(&pool, &opened.batch)) ||
	    (code = falconet_batch_use_values(opened.batch, 999, state->payload)) ||
	    (code = falconet_slots_take(&used_instances, SLOTS, &opened.slot))) {
		falconet_last_error_set_code(&state->error, code);
		falconet_batch_give_back(opened.batch);
		return NULL;
	}
	*rc = FALCONET_RC_SUCCESS;
	instances[opened.slot] = opened;
	return &instances[opened.slot];
}
void plugin_close(struct state *state, struct instance *instance)
{
	if (state && instance && falconet_batch_give_back(instance->batch) == FALCONET_OK)
		falconet_slots_give_back(&used_instances, instance->slot);
}

/* Writes an event's payload in place. What an event before has left there is zeros and the same text. */
static inline void fill(uint8_t *payload, uint64_t counter)
{
	char digits[20];
	size_t first = sizeof digits;
	memcpy(payload, &counter, sizeof counter);
	memcpy(payload + TEXT, "event number ", NUMBER - TEXT);
	do digits[--first] = (char)('0' + counter % 10); while (counter /= 10);
	for (payload += NUMBER; first < sizeof digits; first++)
		*payload++ = (uint8_t)digits[first];
}

int32_t plugin_next_batch(struct state *state, struct instance *in, uint32_t *count, struct ss_plugin_event ***events)
{
	uint8_t *payload;
	*count = 0; /* the host reads it on every path */
	if (!state || !in)
		return FALCONET_RC_FAILURE;
	falconet_code code = falconet_batch_take_back(in->batch);
	while (!code && in->next < in->end && !(code = falconet_batch_claim_value(in->batch, &payload))) {
		fill(payload, in->next++);
		code = falconet_batch_commit(in->batch, UINT64_MAX); /* the time at which the host takes it */
	}
	if (code < 0 || (code = falconet_batch_lend(in->batch, count, events))) {
		falconet_last_error_set_code(&state->error, code);
		return FALCONET_RC_FAILURE;
	}
	return *count ? FALCONET_RC_SUCCESS : FALCONET_RC_EOF;
}

int32_t plugin_extract_fields(struct state *state, const struct ss_plugin_event_input *event,
                              const struct ss_plugin_field_extract_input *input)
{
	falconet_extraction call;
	falconet_code code = falconet_extraction_begin(state ? state->results : NULL, event, input, &call);
	for (uint64_t counter; code == FALCONET_OK && call.payload_len > TEXT; code = falconet_extraction_next(&call)) {
		memcpy(&counter, call.payload, sizeof counter);
		switch (call.id) {
		case 0: falconet_result_u64(&call, counter); break;
		case 1: falconet_result_c_str(&call, (const char *)call.payload + TEXT); break;
		case 2: falconet_result_u64(&call, counter * 2); break;
		default: return FALCONET_RC_FAILURE;
		}
	}
	return code == FALCONET_NONE ? FALCONET_RC_SUCCESS : FALCONET_RC_FAILURE;
}
const char *plugin_event_to_string(struct state *state, const struct ss_plugin_event_input *input)
{
	const char *text;
	return state && falconet_input_text(input, TEXT, &text) == FALCONET_OK ? text : NULL;
}
