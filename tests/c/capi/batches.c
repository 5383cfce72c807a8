/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of every mode, pools, slots, last errors and the log: good and bad input. */
#include <falconet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int checks, failures;

#define CHECK(x) ((void)(checks++, (x) ? 0 : (failures++, printf("%s:%d: %s\n", __FILE__, __LINE__, #x))))
#define OK(x) CHECK((x) == FALCONET_OK)
#define IS(code, x) CHECK((x) == FALCONET_##code)

enum { EVENTS = 4, BYTES = 512 };
static _Alignas(64) uint8_t memory[FALCONET_BATCH_SIZE(EVENTS, BYTES)], moved[sizeof memory];

/* A lent event has this payload. */
static void check_event(struct ss_plugin_event *host, const void *payload, size_t len, uint64_t ts, uint32_t id)
{
	falconet_event event;
	falconet_view view;
	uint8_t bytes[BYTES];
	uint32_t found = 77;
	OK(falconet_event_read(host, &event));
	CHECK(event.event_type == FALCONET_EVENT_PLUGIN && event.nparams == 2 && event.ts == ts && event.tid == UINT64_MAX);
	CHECK(event.len == len + FALCONET_PAYLOAD_OFFSET && event.payload_len == len);
	OK(falconet_event_plugin_id(&event, &found));
	CHECK(found == id);
	OK(falconet_event_payload(&event, &view));
	CHECK(falconet_view_len(&view) == len && falconet_view_remaining(&view) == len);
	OK(falconet_view_read_exact(&view, bytes, len));
	CHECK(len == 0 || !memcmp(bytes, payload, len));
	IS(ERROR_SHORT, falconet_view_read_exact(&view, bytes, 1));
	IS(NONE, falconet_event_parameter(&event, 2, &view));
	IS(ERROR_EVENT_TYPE, falconet_event_async(&event, NULL, NULL, NULL));
}

static void packed(falconet_batch *batch)
{
	falconet_write_view *payload = NULL, *other = NULL;
	struct ss_plugin_event **events = NULL;
	uint8_t *value = NULL;
	uint32_t count = 99;
	OK(falconet_batch_use_packed(batch, 999, 100));
	CHECK(falconet_batch_max_payload(batch) == 100 && falconet_batch_len(batch) == 0);
	IS(ERROR_NOT_CLAIMED, falconet_batch_commit(batch, 1));
	IS(ERROR_NOT_CLAIMED, falconet_batch_roll_back(batch));
	OK(falconet_batch_claim(batch, &payload));
	IS(ERROR_CLAIMED, falconet_batch_claim(batch, &other));
	IS(ERROR_CLAIMED, falconet_batch_push(batch, 1, "x", 1));
	CHECK(other == NULL && falconet_write_view_capacity(payload) == 100 && falconet_write_view_len(payload) == 0);
	OK(falconet_write_view_write_all(payload, "first", 5));
	OK(falconet_batch_commit(batch, 1));
	IS(ERROR_NOT_CLAIMED, falconet_batch_commit(batch, 1));
	IS(ERROR_VIEW, falconet_write_view_write_all(payload, "late", 4));
	OK(falconet_batch_claim_for(batch, 3, &payload));
	IS(ERROR_ROOM, falconet_write_view_write_all(payload, "four", 4));
	OK(falconet_batch_roll_back(batch));
	IS(ERROR_VIEW, falconet_write_view_set_len(payload, 0));
	IS(ERROR_TOO_LARGE, falconet_batch_claim_for(batch, 101, &payload));
	IS(ERROR_TOO_LARGE, falconet_batch_push(batch, 1, memory, 101));
	IS(ERROR_NULL, falconet_batch_push(batch, 1, NULL, 1));
	OK(falconet_batch_push(batch, 2, NULL, 0));
	OK(falconet_batch_claim(batch, &payload));
	payload->capacity++;
	IS(ERROR_VIEW, falconet_batch_commit(batch, 3));
	payload->capacity--;
	payload->len = 101;
	IS(ERROR_VIEW, falconet_batch_commit(batch, 3));
	IS(ERROR_VIEW, falconet_write_view_write_all(payload, "x", 1));
	payload->len = 0;
	OK(falconet_write_view_write_decimal(payload, 42));
	OK(falconet_batch_commit(batch, 3));
	OK(falconet_batch_push(batch, 4, "fourth", 6));
	IS(FULL, falconet_batch_push(batch, 5, "fifth", 5));
	IS(FULL, falconet_batch_claim(batch, &payload));
	IS(ERROR_ARGUMENT, falconet_batch_claim_value(batch, &value));
	CHECK(value == NULL);
	IS(ERROR_NULL, falconet_batch_lend(batch, NULL, &events));
	IS(ERROR_NULL, falconet_batch_lend(batch, &count, NULL));
	CHECK(count == 99 && events == NULL);
	OK(falconet_batch_lend(batch, &count, &events));
	CHECK(count == 4 && falconet_batch_len(batch) == 4);
	check_event(events[0], "first", 5, 1, 999);
	check_event(events[1], "", 0, 2, 999);
	check_event(events[2], "42", 2, 3, 999);
	check_event(events[3], "fourth", 6, 4, 999);
	count = 99;
	IS(ERROR_LENT, falconet_batch_lend(batch, &count, &events));
	IS(ERROR_LENT, falconet_batch_claim(batch, &payload));
	IS(ERROR_LENT, falconet_batch_claim_for(batch, 1, &payload));
	IS(ERROR_LENT, falconet_batch_commit(batch, 1));
	IS(ERROR_LENT, falconet_batch_roll_back(batch));
	IS(ERROR_LENT, falconet_batch_push(batch, 1, "x", 1));
	IS(ERROR_LENT, falconet_batch_use_slots(batch, 1, 8));
	CHECK(count == 99);
	OK(falconet_batch_take_back(batch));
	CHECK(falconet_batch_len(batch) == 0);
	IS(ERROR_TOO_LARGE, falconet_batch_use_packed(batch, 1, BYTES - 37));
	IS(ERROR_TOO_LARGE, falconet_batch_use_slots(batch, 1, BYTES - 37));
	IS(ERROR_TOO_LARGE, falconet_batch_use_values(batch, 1, UINT32_MAX));
}

static void slots_and_values(falconet_batch *batch)
{
	falconet_write_view *payload;
	struct ss_plugin_event **events;
	uint32_t count;
	uint8_t *value, *at, expected[20];
	OK(falconet_batch_use_slots(batch, 7, 20));
	for (int round = 0; round < 3; round++) {
		OK(falconet_batch_take_back(batch));
		for (int n = 0; n < EVENTS; n++) {
			OK(falconet_batch_claim(batch, &payload));
			CHECK(falconet_write_view_capacity(payload) == 20);
			if (n == 0) {
				OK(falconet_write_view_write_all(payload, "\xAA\xAA\xAA\xAA\xAA\xAA\xAA\xAA", 8));
				OK(falconet_batch_roll_back(batch));
				OK(falconet_batch_claim(batch, &payload));
			}
			OK(falconet_write_view_place(payload, (size_t)n, &at));
			memset(at, 'a' + n, (size_t)n);
			IS(ERROR_ROOM, falconet_write_view_place(payload, 21, &at));
			OK(falconet_batch_commit(batch, UINT64_MAX));
		}
		IS(FULL, falconet_batch_claim(batch, &payload));
		OK(falconet_batch_lend(batch, &count, &events));
		CHECK(count == EVENTS);
		for (int n = 0; n < EVENTS; n++) {
			memset(expected, 0, sizeof expected);
			memset(expected, 'a' + n, (size_t)n);
			check_event(events[n], expected, 20, UINT64_MAX, 7);
		}
	}
	OK(falconet_batch_take_back(batch));
	OK(falconet_batch_use_values(batch, 8, 20));
	for (uint8_t round = 0; round < 3; round++) {
		OK(falconet_batch_take_back(batch));
		while (falconet_batch_claim_value(batch, &value) == FALCONET_OK) {
			CHECK(value[19] == round);
			IS(ERROR_CLAIMED, falconet_batch_claim_value(batch, &at));
			value[19]++;
			OK(falconet_batch_commit(batch, round));
			IS(ERROR_NOT_CLAIMED, falconet_batch_commit(batch, round));
		}
		IS(FULL, falconet_batch_claim_value(batch, &value));
		IS(ERROR_ARGUMENT, falconet_batch_claim(batch, &payload));
		OK(falconet_batch_lend(batch, &count, &events));
		memset(expected, 0, sizeof expected);
		expected[19] = (uint8_t)(round + 1);
		CHECK(count == EVENTS);
		check_event(events[3], expected, 20, round, 8);
	}
	OK(falconet_batch_take_back(batch));
}

static void raw(falconet_batch *batch)
{
	falconet_bytes parameters[40] = { { "\3\0\0\0\0\0\0\0", 8 }, { "/etc/passwd", 12 }, { NULL, 0 } };
	struct ss_plugin_event **events;
	falconet_event event;
	falconet_view view;
	uint32_t count;
	OK(falconet_batch_use_packed(batch, 1, 64));
	IS(ERROR_ARGUMENT, falconet_batch_raw(batch, 1, 2, 3, parameters, 3));
	OK(falconet_batch_use_packed(batch, 0, 64));
	OK(falconet_batch_raw(batch, 1, 2, 3, parameters, 3));
	IS(ERROR_ARGUMENT, falconet_batch_raw(batch, 1, 2, 3, parameters, 33));
	IS(ERROR_NULL, falconet_batch_raw(batch, 1, 2, 3, NULL, 1));
	IS(ERROR_ARGUMENT, falconet_batch_raw(batch, 1, 2, FALCONET_EVENT_PLUGIN, parameters, 2));
	parameters[3].ptr = memory;
	parameters[3].len = BYTES;
	IS(ERROR_TOO_LARGE, falconet_batch_raw(batch, 1, 2, 3, parameters, 4));
	OK(falconet_batch_raw(batch, 1, UINT64_MAX, 4, NULL, 0));
	OK(falconet_batch_lend(batch, &count, &events));
	CHECK(count == 2);
	OK(falconet_event_read(events[0], &event));
	CHECK(event.event_type == 3 && event.nparams == 3 && event.tid == 2 && event.payload_len == 0);
	OK(falconet_event_parameter(&event, 1, &view));
	CHECK(falconet_view_len(&view) == 12 && !memcmp(falconet_view_ptr(&view), "/etc/passwd", 12));
	IS(ERROR_EVENT_TYPE, falconet_event_payload(&event, &view));
	OK(falconet_batch_take_back(batch));
}

static void bad_batches(falconet_batch *batch)
{
	falconet_batch *other = (falconet_batch *)(void *)(moved + ((uint8_t *)batch - memory)), *none = NULL;
	falconet_write_view *payload;
	IS(ERROR_NULL, falconet_batch_take_back(NULL));
	IS(ERROR_NULL, falconet_batch_claim(NULL, &payload));
	IS(ERROR_NULL, falconet_batch_claim(batch, NULL));
	IS(ERROR_ALIGNMENT, falconet_batch_claim((falconet_batch *)(void *)((uint8_t *)batch + 1), &payload));
	IS(ERROR_ALIGNMENT, falconet_batch_claim(batch, (falconet_write_view **)(void *)(moved + 1 - (size_t)moved % 2)));
	memcpy(moved, memory, sizeof moved);
	IS(ERROR_BATCH, falconet_batch_claim(other, &payload));
	IS(ERROR_NULL, falconet_batch_init(NULL, sizeof memory, EVENTS, BYTES, &none));
	IS(ERROR_NULL, falconet_batch_init(memory, sizeof memory, EVENTS, BYTES, NULL));
	IS(ERROR_SIZE, falconet_batch_init(memory, sizeof memory - 64, EVENTS, BYTES, &none));
	IS(ERROR_ARGUMENT, falconet_batch_init(memory, sizeof memory, 0, BYTES, &none));
	CHECK(none == NULL && falconet_batch_len(NULL) == 0 && falconet_batch_max_payload(NULL) == 0);
	OK(falconet_batch_give_back(batch));
	IS(ERROR_BATCH, falconet_batch_give_back(batch));
	IS(ERROR_BATCH, falconet_batch_claim(batch, &payload));
	CHECK(falconet_batch_len(batch) == 0);
}

/* Threads that lease from one pool, each sure that its batch is its own. */
static uint8_t pool_memory[3][FALCONET_BATCH_SIZE(2, 64)];
static const falconet_pool pool = { pool_memory, sizeof pool_memory, 3, 2, 64 };
static falconet_slots slots;

static void *lease_and_use(void *number)
{
	long wrong = 0;
	for (int n = 0; n < 300; n++) {
		falconet_batch *batch;
		falconet_code code = falconet_pool_lease(&pool, &batch);
		uint8_t byte = (uint8_t)(size_t)number;
		struct ss_plugin_event **events;
		falconet_event event;
		uint32_t count, slot;
		if (code == FALCONET_ERROR_NONE_FREE)
			continue;
		wrong += code || falconet_batch_push(batch, 1, &byte, 1) || falconet_batch_lend(batch, &count, &events) ||
		         falconet_event_read(events[0], &event) || count != 1 || event.payload[0] != byte ||
		         falconet_batch_give_back(batch);
		if (falconet_slots_take(&slots, 2, &slot) == FALCONET_OK)
			wrong += slot > 1 || falconet_slots_give_back(&slots, slot);
	}
	return (void *)wrong;
}

static void pools_and_slots(void)
{
	falconet_batch *batches[4] = { NULL, NULL, NULL, NULL };
	falconet_pool small = pool;
	pthread_t threads[4];
	uint32_t index = 99;
	for (int i = 0; i < 3; i++)
		OK(falconet_pool_lease(&pool, &batches[i]));
	IS(ERROR_NONE_FREE, falconet_pool_lease(&pool, &batches[3]));
	CHECK(batches[3] == NULL && batches[0] != batches[1] && batches[1] != batches[2]);
	OK(falconet_batch_give_back(batches[1]));
	IS(ERROR_BATCH, falconet_batch_give_back(batches[1]));
	OK(falconet_pool_lease(&pool, &batches[3]));
	CHECK(batches[3] == batches[1]);
	for (int i = 0; i < 3; i++)
		OK(falconet_batch_give_back(batches[i]));
	small.size--;
	IS(ERROR_SIZE, falconet_pool_lease(&small, &batches[0]));
	small = pool;
	small.memory = NULL;
	IS(ERROR_NULL, falconet_pool_lease(&small, &batches[0]));
	small = pool;
	small.bytes = 1;
	IS(ERROR_ARGUMENT, falconet_pool_lease(&small, &batches[0]));
	IS(ERROR_NULL, falconet_pool_lease(NULL, &batches[0]));
	IS(ERROR_NULL, falconet_pool_lease(&pool, NULL));

	IS(ERROR_NULL, falconet_slots_take(NULL, 1, &index));
	IS(ERROR_NULL, falconet_slots_take(&slots, 1, NULL));
	IS(ERROR_ARGUMENT, falconet_slots_take(&slots, 0, &index));
	IS(ERROR_ARGUMENT, falconet_slots_take(&slots, 65, &index));
	CHECK(index == 99);
	for (uint32_t i = 0; i < 64; i++)
		CHECK(falconet_slots_take(&slots, 64, &index) == FALCONET_OK && index == i);
	IS(ERROR_NONE_FREE, falconet_slots_take(&slots, 64, &index));
	OK(falconet_slots_give_back(&slots, 63));
	IS(ERROR_ARGUMENT, falconet_slots_give_back(&slots, 63));
	IS(ERROR_ARGUMENT, falconet_slots_give_back(&slots, 64));
	IS(ERROR_NULL, falconet_slots_give_back(NULL, 0));
	IS(ERROR_NONE_FREE, falconet_slots_take(&slots, 63, &index));
	CHECK(falconet_slots_take(&slots, 64, &index) == FALCONET_OK && index == 63);
	for (uint32_t i = 0; i < 64; i++)
		OK(falconet_slots_give_back(&slots, i));
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, lease_and_use, (void *)(i + 1)) == 0);
	for (size_t i = 0; i < 4; i++) {
		void *wrong = (void *)1;
		CHECK(pthread_join(threads[i], &wrong) == 0 && wrong == NULL);
	}
}

static int logged;
static void log_line(void *owner, const char *component, const char *text, uint32_t severity)
{
	logged++;
	CHECK(owner == &logged && !component && !strcmp(text, "a line") && severity == FALCONET_LOG_INFO);
}

static void errors_and_log(void)
{
	static falconet_last_error error;
	static char text[2000];
	falconet_log log = { NULL, NULL };
	CHECK(*falconet_last_error_get(&error) == '\0' && *falconet_last_error_get(NULL) == '\0');
	OK(falconet_last_error_set(&error, "size"));
	OK(falconet_last_error_add_text(&error, " is "));
	OK(falconet_last_error_add_number(&error, UINT64_MAX));
	OK(falconet_last_error_add(&error, "!\0?", 3));
	OK(falconet_last_error_add(&error, NULL, 0));
	CHECK(!strcmp(falconet_last_error_get(&error), "size is 18446744073709551615!??"));
	IS(ERROR_NULL, falconet_last_error_set(&error, NULL));
	IS(ERROR_NULL, falconet_last_error_add(&error, NULL, 1));
	IS(ERROR_NULL, falconet_last_error_add_text(&error, NULL));
	IS(ERROR_NULL, falconet_last_error_set(NULL, "x"));
	IS(ERROR_NULL, falconet_last_error_clear(NULL));
	IS(ERROR_NULL, falconet_last_error_add_number(NULL, 1));
	CHECK(strlen(falconet_last_error_get(&error)) == 31);
	OK(falconet_last_error_set_code(&error, FALCONET_ERROR_LENT));
	CHECK(!strcmp(falconet_last_error_get(&error), falconet_error_text(FALCONET_ERROR_LENT)));
	memset(text, 'x', sizeof text - 1);
	OK(falconet_last_error_set(&error, text));
	CHECK(strlen(falconet_last_error_get(&error)) == 1023);
	memset(&error, 0xFF, sizeof error);
	CHECK(strlen(falconet_last_error_get(&error)) < 1024);
	OK(falconet_last_error_clear(&error));
	for (falconet_code code = -40; code < 40; code++)
		CHECK(strlen(falconet_error_text(code)) > 3);

	OK(falconet_log_write(&log, FALCONET_LOG_INFO, "nobody listens"));
	log.owner = &logged;
	log.write = log_line;
	OK(falconet_log_write(&log, FALCONET_LOG_INFO, "a line"));
	IS(ERROR_ARGUMENT, falconet_log_write(&log, 0, "a line"));
	IS(ERROR_ARGUMENT, falconet_log_write(&log, 9, "a line"));
	IS(ERROR_NULL, falconet_log_write(&log, 1, NULL));
	IS(ERROR_NULL, falconet_log_write(NULL, 1, "a line"));
	CHECK(logged == 1);
	CHECK(*falconet_init_config(NULL) == '\0' && !falconet_init_owner(NULL) && *falconet_init_owner_error(NULL) == '\0');
	CHECK(*falconet_set_config_config(NULL) == '\0' && *falconet_input_source(NULL) == '\0' && !falconet_input_number(NULL));
	IS(ERROR_NULL, falconet_init_log(NULL, &log));
}

int main(void)
{
	falconet_batch *batch;
	OK(falconet_batch_init(memory, sizeof memory, EVENTS, BYTES, &batch));
	for (int round = 0; round < 2; round++) {
		packed(batch);
		slots_and_values(batch);
		raw(batch);
	}
	bad_batches(batch);
	pools_and_slots();
	errors_and_log();
	printf("checks=%d failures=%d\n", checks, failures);
	return failures ? 1 : 0;
}
