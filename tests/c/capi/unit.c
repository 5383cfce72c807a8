/* SPDX-License-Identifier: Apache-2.0 */
/* One of two translation units, in C and C++: UNIT is 1 or 2. The official header stands before falconet.h where BEFORE is
 * defined, behind it where AFTER is. */
#ifdef BEFORE
#include <plugin/plugin_api.h>
#endif
#include <falconet.h>
#include <falconet.h>
#ifdef AFTER
#include <plugin/plugin_api.h>
#endif

/* What the header declares is enough for a plugin's functions. */
const char *unit1(struct ss_plugin_event_input *input, falconet_batch **batch);
const char *unit2(struct ss_plugin_event_input *input, falconet_batch **batch);

#if UNIT == 1
#define unit unit1
#else
#define unit unit2
#endif

static uint8_t memory[FALCONET_BATCH_SIZE(16, 4096)];

const char *unit(struct ss_plugin_event_input *input, falconet_batch **batch)
{
	falconet_event event;
	falconet_write_view *payload;
	uint32_t count = 0;
	struct ss_plugin_event **events;
	if (falconet_event_of_input(input, &event) != FALCONET_ERROR_NULL)
		return "NULL is no input";
	if (falconet_batch_init(memory, sizeof memory, 16, 4096, batch) || falconet_batch_claim(*batch, &payload) ||
	    falconet_write_view_write_all(payload, "hello", 6) || falconet_batch_commit(*batch, UINT64_MAX) ||
	    falconet_batch_lend(*batch, &count, &events))
		return "a batch of one event";
	if (count != 1 || falconet_event_read(events[0], &event) || event.payload_len != 6 || event.payload[0] != 'h')
		return "the event";
#if defined(BEFORE) || defined(AFTER)
	if (events[0]->type != 322 || events[0]->len != 44)
		return "the event, by the official header";
#endif
	return NULL;
}

#if UNIT == 1
int main(void)
{
	falconet_batch *one, *two;
	if (unit1(NULL, &one) || unit2(NULL, &two) || one == two)
		return 1;
	return falconet_batch_give_back(one) || falconet_batch_give_back(two) ? 2 : 0;
}
#endif
