/* SPDX-License-Identifier: Apache-2.0 */
/* Batches, pools of them, and slots. */
#include "check.h"
#include "host_api.h"

enum { EVENTS = 3, BYTES = 3 * 64 };

/* The payload of an event that is lent. */
static falconet_event lent(struct ss_plugin_event *event)
{
	falconet_event read;
	DONE(falconet_event_read(event, &read));
	return read;
}

static void sizes(void)
{
	size_t size = 99;
	for (uint32_t events = 1; events < 4000; events = events * 3 + 1)
		for (size_t bytes = 38; bytes < 10000000; bytes = bytes * 2 + 1) {
			DONE(falconet_batch_size(events, bytes, &size));
			CHECK(size == FALCONET_BATCH_SIZE(events, bytes));
		}
	size = 99;
	IS(falconet_batch_size(0, 38, &size), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_size(1, 37, &size), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_size(1, UINT32_MAX, &size), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_size(1, SIZE_MAX, &size), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_size(1, 38, NULL), FALCONET_ERROR_NULL);
	IS(falconet_batch_size(1, 38, BESIDE(size_t, &size)), FALCONET_ERROR_ALIGNMENT);
	CHECK(size == 99);
}

/* Memory of every alignment, and of exactly the size that is needed: no byte more is touched. */
static void memories(void)
{
	enum { SIZE = FALCONET_BATCH_SIZE(1, 46) };
	for (size_t beside = 0; beside < 65; beside++) {
		uint8_t *memory = malloc(beside + SIZE);
		falconet_batch *batch = NULL;
		CHECK(memory);
		DONE(falconet_batch_init(memory + beside, SIZE, 1, 46, &batch));
		DONE(falconet_batch_push(batch, 1, "12345678", 8));
		IS(falconet_batch_push(batch, 1, "12345678", 8), FALCONET_FULL);
		DONE(falconet_batch_use_slots(batch, 1, 8));
		DONE(falconet_batch_push(batch, 1, "12345678", 8));
		CHECK(falconet_batch_len(batch) == 1);
		DONE(falconet_batch_give_back(batch));
		free(memory);
	}
}

static falconet_batch *made(uint8_t *memory)
{
	falconet_batch *batch = NULL;
	DONE(falconet_batch_init(memory, FALCONET_BATCH_SIZE(EVENTS, BYTES), EVENTS, BYTES, &batch));
	return batch;
}

static void bad_memories(uint8_t *memory)
{
	const size_t size = FALCONET_BATCH_SIZE(EVENTS, BYTES);
	falconet_batch *batch = NULL;
	IS(falconet_batch_init(NULL, size, EVENTS, BYTES, &batch), FALCONET_ERROR_NULL);
	IS(falconet_batch_init(memory, size, EVENTS, BYTES, NULL), FALCONET_ERROR_NULL);
	IS(falconet_batch_init(memory, size - 64, EVENTS, BYTES, &batch), FALCONET_ERROR_SIZE);
	IS(falconet_batch_init(memory, 0, EVENTS, BYTES, &batch), FALCONET_ERROR_SIZE);
	IS(falconet_batch_init(memory, size, UINT32_MAX, BYTES, &batch), FALCONET_ERROR_SIZE);
	IS(falconet_batch_init(memory, size, 0, BYTES, &batch), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_init(memory, size, EVENTS, SIZE_MAX, &batch), FALCONET_ERROR_ARGUMENT);
	CHECK(!batch);
}

/* Nothing takes this for a batch. */
static void no_batch(falconet_batch *batch, falconet_code code)
{
	falconet_write_view *view = NULL;
	struct ss_plugin_event **events = NULL;
	uint8_t *value = NULL;
	uint32_t count = 99;
	IS(falconet_batch_use_packed(batch, 1, 8), code);
	IS(falconet_batch_use_slots(batch, 1, 8), code);
	IS(falconet_batch_use_values(batch, 1, 8), code);
	IS(falconet_batch_lend(batch, &count, &events), code);
	IS(falconet_batch_claim(batch, &view), code);
	IS(falconet_batch_claim_for(batch, 8, &view), code);
	IS(falconet_batch_claim_value(batch, &value), code);
	IS(falconet_batch_commit(batch, 1), code);
	IS(falconet_batch_roll_back(batch), code);
	IS(falconet_batch_push(batch, 1, "a", 1), code);
	IS(falconet_batch_raw(batch, 1, 1, 1, NULL, 0), code);
	if (code != FALCONET_ERROR_LENT) {
		IS(falconet_batch_take_back(batch), code);
		IS(falconet_batch_give_back(batch), code);
		CHECK(!falconet_batch_len(batch) && !falconet_batch_max_payload(batch));
	}
	CHECK(!view && !events && !value && count == 99);
}

static void packed(uint8_t *memory)
{
	falconet_batch *batch = made(memory);
	falconet_write_view *view = NULL, *other = NULL, kept;
	struct ss_plugin_event **events = NULL;
	uint8_t *value = NULL;
	uint32_t count = 99;
	falconet_event event;

	CHECK(falconet_batch_max_payload(batch) >= 64);
	IS(falconet_batch_use_packed(batch, 7, BYTES), FALCONET_ERROR_TOO_LARGE);
	IS(falconet_batch_use_packed(batch, 7, UINT32_MAX), FALCONET_ERROR_TOO_LARGE);
	DONE(falconet_batch_use_packed(batch, 7, 50));
	CHECK(falconet_batch_max_payload(batch) == 50 && falconet_batch_len(batch) == 0);

	IS(falconet_batch_commit(batch, 1), FALCONET_ERROR_NOT_CLAIMED);
	IS(falconet_batch_roll_back(batch), FALCONET_ERROR_NOT_CLAIMED);
	IS(falconet_batch_claim(batch, NULL), FALCONET_ERROR_NULL);
	IS(falconet_batch_claim_value(batch, &value), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_claim_for(batch, 51, &view), FALCONET_ERROR_TOO_LARGE);
	DONE(falconet_batch_claim(batch, &view));
	CHECK(view->capacity == 50 && view->len == 0);
	IS(falconet_batch_claim(batch, &other), FALCONET_ERROR_CLAIMED);
	IS(falconet_batch_claim_for(batch, 1, &other), FALCONET_ERROR_CLAIMED);
	IS(falconet_batch_push(batch, 1, "a", 1), FALCONET_ERROR_CLAIMED);
	IS(falconet_batch_raw(batch, 1, 1, 1, NULL, 0), FALCONET_ERROR_CLAIMED);
	CHECK(!other);
	DONE(falconet_write_view_write_all(view, "hello", 5));
	/* The view's fields are changed: nothing is committed, and it can be put right. */
	kept = *view;
	view->len = 51;
	IS(falconet_batch_commit(batch, 1), FALCONET_ERROR_VIEW);
	*view = kept;
	view->ptr = NULL;
	IS(falconet_batch_commit(batch, 1), FALCONET_ERROR_VIEW);
	*view = kept;
	view->ptr += 1;
	IS(falconet_batch_commit(batch, 1), FALCONET_ERROR_VIEW);
	*view = kept;
	view->capacity += 1;
	IS(falconet_batch_commit(batch, 1), FALCONET_ERROR_VIEW);
	*view = kept;
	DONE(falconet_batch_commit(batch, 11));
	IS(falconet_batch_commit(batch, 11), FALCONET_ERROR_NOT_CLAIMED);
	IS(falconet_write_view_write_all(view, "late", 4), FALCONET_ERROR_VIEW);
	DONE(falconet_batch_claim_for(batch, 4, &view));
	CHECK(view->capacity == 4);
	DONE(falconet_write_view_write_all(view, "gone", 4));
	DONE(falconet_batch_roll_back(batch));
	IS(falconet_batch_roll_back(batch), FALCONET_ERROR_NOT_CLAIMED);
	IS(falconet_write_view_write_all(view, "late", 4), FALCONET_ERROR_VIEW);

	IS(falconet_batch_push(batch, 12, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_batch_push(batch, 12, memory, 51), FALCONET_ERROR_TOO_LARGE);
	IS(falconet_batch_push(batch, 12, memory, UINT32_MAX), FALCONET_ERROR_TOO_LARGE);
	IS(falconet_batch_push(batch, 12, memory, SIZE_MAX), FALCONET_ERROR_SIZE);
	CHECK(falconet_batch_len(batch) == 1);
	DONE(falconet_batch_push(batch, UINT64_MAX, NULL, 0));
	IS(falconet_batch_raw(batch, 1, 1, 1, NULL, 0), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_lend(batch, NULL, &events), FALCONET_ERROR_NULL);
	IS(falconet_batch_lend(batch, &count, NULL), FALCONET_ERROR_NULL);
	DONE(falconet_batch_claim(batch, &view));
	DONE(falconet_batch_lend(batch, &count, &events));
	IS(falconet_write_view_write_all(view, "late", 4), FALCONET_ERROR_VIEW);
	CHECK(count == 2 && falconet_batch_len(batch) == 2);
	event = lent(events[0]);
	CHECK(event.ts == 11 && event.payload_len == 5 && memcmp(event.payload, "hello", 5) == 0);
	event = lent(events[1]);
	CHECK(event.ts == UINT64_MAX && event.payload_len == 0 && event.event_type == FALCONET_EVENT_PLUGIN);
	no_batch(batch, FALCONET_ERROR_LENT);

	DONE(falconet_batch_take_back(batch));
	DONE(falconet_batch_take_back(batch));
	CHECK(falconet_batch_len(batch) == 0);
	for (uint32_t i = 0; i < EVENTS; i++)
		DONE(falconet_batch_push(batch, i, "x", 1));
	IS(falconet_batch_push(batch, 9, "x", 1), FALCONET_FULL);
	view = NULL;
	IS(falconet_batch_claim(batch, &view), FALCONET_FULL);
	IS(falconet_batch_claim_for(batch, 1, &view), FALCONET_FULL);
	CHECK(!view);
	DONE(falconet_batch_lend(batch, &count, &events));
	CHECK(count == EVENTS);
	DONE(falconet_batch_give_back(batch));
	no_batch(batch, FALCONET_ERROR_BATCH);
}

/* What is pushed lies where the event itself is going to be. */
static void from_itself(uint8_t *memory)
{
	falconet_batch *batch = made(memory);
	falconet_write_view *view = NULL;
	falconet_bytes parameter;
	uint8_t *room;
	DONE(falconet_batch_claim(batch, &view));
	room = view->ptr;
	memset(room, 'r', 16);
	DONE(falconet_batch_roll_back(batch));
	IS(falconet_batch_push(batch, 1, room + 1, 8), FALCONET_ERROR_OVERLAP);
	parameter = (falconet_bytes){ room - 4, 8 };
	IS(falconet_batch_raw(batch, 1, 1, 1, &parameter, 1), FALCONET_ERROR_OVERLAP);
	CHECK(falconet_batch_len(batch) == 0);
	DONE(falconet_batch_push(batch, 1, "ab", 2));
	IS(falconet_batch_roll_back(batch), FALCONET_ERROR_NOT_CLAIMED);
	/* A committed event may be the source of another one. */
	DONE(falconet_batch_push(batch, 1, room, 2));
	DONE(falconet_batch_give_back(batch));
}

static void slots(uint8_t *memory)
{
	falconet_batch *batch = made(memory);
	falconet_write_view *view = NULL;
	struct ss_plugin_event **events = NULL;
	uint8_t *value = NULL;
	uint32_t count = 0;
	IS(falconet_batch_use_slots(batch, 7, BYTES), FALCONET_ERROR_TOO_LARGE);
	DONE(falconet_batch_use_slots(batch, 7, 16));
	CHECK(falconet_batch_max_payload(batch) == 16);
	for (int round = 0; round < 3; round++) {
		DONE(falconet_batch_take_back(batch));
		DONE(falconet_batch_claim_for(batch, 1, &view));
		CHECK(view->capacity == 16);
		DONE(falconet_write_view_write_all(view, "0123456789", (size_t)(10 - round * 4)));
		DONE(falconet_batch_commit(batch, 1));
		IS(falconet_batch_claim_for(batch, 17, &view), FALCONET_ERROR_TOO_LARGE);
		IS(falconet_batch_claim_value(batch, &value), FALCONET_ERROR_ARGUMENT);
		IS(falconet_batch_raw(batch, 1, 1, 1, NULL, 0), FALCONET_FULL);
		DONE(falconet_batch_lend(batch, &count, &events));
		falconet_event event = lent(events[0]);
		uint8_t expected[16] = { 0 };
		memcpy(expected, "0123456789", (size_t)(10 - round * 4));
		CHECK(count == 1 && event.payload_len == 16 && memcmp(event.payload, expected, 16) == 0);
	}
	DONE(falconet_batch_give_back(batch));
}

static void values(uint8_t *memory)
{
	falconet_batch *batch = made(memory);
	falconet_write_view *view = NULL;
	struct ss_plugin_event **events = NULL;
	uint8_t *value = NULL, *other = NULL;
	uint32_t count = 0, id = 0;
	IS(falconet_batch_use_values(batch, 7, BYTES), FALCONET_ERROR_TOO_LARGE);
	DONE(falconet_batch_use_values(batch, 7, 16));
	IS(falconet_batch_claim(batch, &view), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_claim_for(batch, 1, &view), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_push(batch, 1, "a", 1), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_raw(batch, 1, 1, 1, NULL, 0), FALCONET_FULL);
	IS(falconet_batch_claim_value(batch, NULL), FALCONET_ERROR_NULL);
	IS(falconet_batch_commit(batch, 1), FALCONET_ERROR_NOT_CLAIMED);
	for (uint32_t round = 0; round < 3; round++) {
		DONE(falconet_batch_take_back(batch));
		for (uint32_t i = 0; i < EVENTS; i++) {
			uint8_t expected[16] = { 0 };
			DONE(falconet_batch_claim_value(batch, &value));
			memset(expected, 'v', round);
			CHECK(memcmp(value, expected, 16) == 0);
			IS(falconet_batch_claim_value(batch, &other), FALCONET_ERROR_CLAIMED);
			memset(value, 'v', round + 1);
			if (round == 1)
				DONE(falconet_batch_roll_back(batch));
			if (round == 1)
				DONE(falconet_batch_claim_value(batch, &value));
			DONE(falconet_batch_commit(batch, i));
		}
		IS(falconet_batch_claim_value(batch, &other), FALCONET_FULL);
		CHECK(!other && !view);
		DONE(falconet_batch_lend(batch, &count, &events));
		CHECK(count == EVENTS);
		falconet_event event = lent(events[EVENTS - 1]);
		CHECK(event.payload_len == 16 && event.payload[round] == 'v' && event.payload[round + 1] == 0 && event.ts == 2);
		DONE(falconet_event_plugin_id(&event, &id));
		CHECK(id == 7);
	}
	/* Used anew, it is all zero again. */
	DONE(falconet_batch_take_back(batch));
	DONE(falconet_batch_use_values(batch, 7, 16));
	DONE(falconet_batch_claim_value(batch, &value));
	CHECK(value[0] == 0);
	DONE(falconet_batch_give_back(batch));
}

static void raw(uint8_t *memory)
{
	falconet_batch *batch = made(memory);
	struct ss_plugin_event **events = NULL;
	uint32_t count = 0, id = 3, none = 0;
	uint8_t *large = malloc(70000);
	falconet_bytes parameters[FALCONET_RAW_PARAMETERS + 1] = { { &id, 4 }, { "payload", 7 } };
	falconet_view view;
	CHECK(large);
	memset(large, 'l', 70000);

	IS(falconet_batch_raw(batch, 1, 2, 1, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_batch_raw(batch, 1, 2, 1, parameters, FALCONET_RAW_PARAMETERS + 1), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_raw(batch, 1, 2, 1, parameters, SIZE_MAX), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_raw(batch, 1, 2, 1, BESIDE(falconet_bytes, parameters), 1), FALCONET_ERROR_ALIGNMENT);
	falconet_bytes missing = { NULL, 1 }, huge = { "a", SIZE_MAX }, long_one = { large, 70000 }, big = { large, 300 };
	IS(falconet_batch_raw(batch, 1, 2, 1, &missing, 1), FALCONET_ERROR_NULL);
	IS(falconet_batch_raw(batch, 1, 2, 1, &huge, 1), FALCONET_ERROR_SIZE);
	IS(falconet_batch_raw(batch, 1, 2, 1, &long_one, 1), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_raw(batch, 1, 2, 1, &big, 1), FALCONET_ERROR_TOO_LARGE);
	falconet_bytes of_no_plugin[] = { { &none, 4 }, { "a", 1 } };
	IS(falconet_batch_raw(batch, 1, 2, FALCONET_EVENT_PLUGIN, of_no_plugin, 2), FALCONET_ERROR_ARGUMENT);
	IS(falconet_batch_raw(batch, 1, 2, FALCONET_EVENT_PLUGIN, parameters, 1), FALCONET_ERROR_ARGUMENT);
	CHECK(falconet_batch_len(batch) == 0);
	DONE(falconet_batch_raw(batch, 1, 2, FALCONET_EVENT_PLUGIN, parameters, 2));
	DONE(falconet_batch_raw(batch, 5, UINT64_MAX, 9, parameters, 1));
	DONE(falconet_batch_raw(batch, 5, 6, 9, NULL, 0));
	IS(falconet_batch_raw(batch, 5, 6, 9, NULL, 0), FALCONET_FULL);
	DONE(falconet_batch_lend(batch, &count, &events));
	falconet_event event = lent(events[0]);
	CHECK(count == 3 && event.tid == 2 && event.nparams == 2 && event.payload_len == 7);
	CHECK(memcmp(event.payload, "payload", 7) == 0);
	event = lent(events[1]);
	CHECK(event.event_type == 9 && event.tid == UINT64_MAX && event.payload_len == 0);
	DONE(falconet_event_parameter(&event, 0, &view));
	CHECK(view.len == 4 && memcmp(view.ptr, &id, 4) == 0);
	DONE(falconet_batch_give_back(batch));
	free(large);
}

void test_batches(void)
{
	/* A batch that was moved, and memory that never was one. */
	static _Alignas(64) uint8_t moved[FALCONET_BATCH_SIZE(EVENTS, BYTES)];
	uint8_t *memory = malloc(FALCONET_BATCH_SIZE(EVENTS, BYTES));
	CHECK(memory);
	memset(memory, 0xEE, FALCONET_BATCH_SIZE(EVENTS, BYTES));
	sizes();
	memories();
	bad_memories(memory);
	packed(memory);
	from_itself(memory);
	slots(memory);
	values(memory);
	raw(memory);
	no_batch(NULL, FALCONET_ERROR_NULL);
	no_batch((falconet_batch *)(void *)moved, FALCONET_ERROR_BATCH);
	memset(moved, 0xFF, sizeof moved);
	no_batch((falconet_batch *)(void *)moved, FALCONET_ERROR_BATCH);
	no_batch(BESIDE(falconet_batch, moved), FALCONET_ERROR_ALIGNMENT);
	falconet_batch *batch = made(memory);
	uint8_t *first = (uint8_t *)(void *)batch;
	memcpy(moved, first, (size_t)(memory + FALCONET_BATCH_SIZE(EVENTS, BYTES) - first));
	no_batch((falconet_batch *)(void *)moved, FALCONET_ERROR_BATCH);
	free(memory);
}

void test_pools_and_slots(void)
{
	static uint8_t memory[2][FALCONET_BATCH_SIZE(EVENTS, BYTES)];
	static const falconet_pool pool = { memory, sizeof memory, 2, EVENTS, BYTES };
	falconet_pool other = pool;
	falconet_batch *batches[2] = { NULL, NULL }, *none = NULL;
	falconet_slots slots = { 0 };
	uint32_t index = 99;

	DONE(falconet_pool_lease(&pool, &batches[0]));
	DONE(falconet_pool_lease(&pool, &batches[1]));
	CHECK(batches[0] != batches[1]);
	IS(falconet_pool_lease(&pool, &none), FALCONET_ERROR_NONE_FREE);
	DONE(falconet_batch_push(batches[0], 1, "a", 1));
	DONE(falconet_batch_give_back(batches[0]));
	IS(falconet_batch_give_back(batches[0]), FALCONET_ERROR_BATCH);
	DONE(falconet_pool_lease(&pool, &batches[0]));
	CHECK(falconet_batch_len(batches[0]) == 0);
	IS(falconet_pool_lease(NULL, &none), FALCONET_ERROR_NULL);
	IS(falconet_pool_lease(&pool, NULL), FALCONET_ERROR_NULL);
	IS(falconet_pool_lease(BESIDE(const falconet_pool, memory), &none), FALCONET_ERROR_ALIGNMENT);
	other.size--;
	IS(falconet_pool_lease(&other, &none), FALCONET_ERROR_SIZE);
	other = pool;
	other.batches = UINT32_MAX;
	IS(falconet_pool_lease(&other, &none), FALCONET_ERROR_SIZE);
	other = pool;
	other.events = 0;
	IS(falconet_pool_lease(&other, &none), FALCONET_ERROR_ARGUMENT);
	other = pool;
	other.bytes = 37;
	IS(falconet_pool_lease(&other, &none), FALCONET_ERROR_ARGUMENT);
	other = pool;
	other.memory = NULL;
	IS(falconet_pool_lease(&other, &none), FALCONET_ERROR_NULL);
	other = pool;
	other.batches = 0;
	IS(falconet_pool_lease(&other, &none), FALCONET_ERROR_NONE_FREE);
	CHECK(!none);

	IS(falconet_slots_take(NULL, 1, &index), FALCONET_ERROR_NULL);
	IS(falconet_slots_take(&slots, 1, NULL), FALCONET_ERROR_NULL);
	IS(falconet_slots_take(&slots, 0, &index), FALCONET_ERROR_ARGUMENT);
	IS(falconet_slots_take(&slots, 65, &index), FALCONET_ERROR_ARGUMENT);
	CHECK(index == 99);
	for (uint32_t i = 0; i < 64; i++) {
		DONE(falconet_slots_take(&slots, 64, &index));
		CHECK(index == i);
	}
	IS(falconet_slots_take(&slots, 64, &index), FALCONET_ERROR_NONE_FREE);
	DONE(falconet_slots_give_back(&slots, 3));
	IS(falconet_slots_give_back(&slots, 3), FALCONET_ERROR_ARGUMENT);
	IS(falconet_slots_give_back(&slots, 64), FALCONET_ERROR_ARGUMENT);
	IS(falconet_slots_give_back(&slots, UINT32_MAX), FALCONET_ERROR_ARGUMENT);
	IS(falconet_slots_give_back(NULL, 0), FALCONET_ERROR_NULL);
	IS(falconet_slots_take(&slots, 3, &index), FALCONET_ERROR_NONE_FREE);
	DONE(falconet_slots_take(&slots, 4, &index));
	CHECK(index == 3);
}
