/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: two with a pool each, as two instances of a plugin have, and four with one pool and one set of slots.
 *
 *   threads own      each thread has a pool of its own
 *   threads shared   all threads lease from one pool */
#include "check.h"
#include <pthread.h>

enum { THREADS = 4, BATCHES = 2, EVENTS = 4, BYTES = 4 * 64, ROUNDS = 2000 };

static uint8_t memories[THREADS][BATCHES][FALCONET_BATCH_SIZE(EVENTS, BYTES)];
static falconet_slots slots;
/* Whether somebody has this slot. */
static int in_use[BATCHES];

struct work { const falconet_pool *pool; uint8_t stamp; bool shared; unsigned leased; };

/* Fills a batch with payloads of one's own, lends it, and looks whether anybody has written to it. */
static void use(falconet_batch *batch, uint8_t stamp)
{
	uint8_t payload[16];
	struct ss_plugin_event **events = NULL;
	uint32_t count = 0;
	memset(payload, stamp, sizeof payload);
	for (int i = 0; i < EVENTS; i++)
		CHECK(falconet_batch_push(batch, 1, payload, sizeof payload) == FALCONET_OK);
	CHECK(falconet_batch_push(batch, 1, payload, 1) == FALCONET_FULL);
	CHECK(falconet_batch_lend(batch, &count, &events) == FALCONET_OK && count == EVENTS);
	for (uint32_t i = 0; i < count; i++) {
		falconet_event event;
		CHECK(falconet_event_read(events[i], &event) == FALCONET_OK);
		CHECK(event.payload_len == sizeof payload && memcmp(event.payload, payload, sizeof payload) == 0);
	}
}

static void *run(void *argument)
{
	struct work *work = argument;
	for (int round = 0; round < ROUNDS; round++) {
		falconet_batch *batch = NULL;
		uint32_t slot = 99;
		const falconet_code code = falconet_pool_lease(work->pool, &batch);
		CHECK(code == FALCONET_OK || (work->shared && code == FALCONET_ERROR_NONE_FREE));
		if (code == FALCONET_OK) {
			use(batch, work->stamp);
			CHECK(falconet_batch_give_back(batch) == FALCONET_OK);
			work->leased++;
		}
		if (work->shared && falconet_slots_take(&slots, BATCHES, &slot) == FALCONET_OK) {
			CHECK(__atomic_exchange_n(&in_use[slot], 1, __ATOMIC_RELAXED) == 0);
			CHECK(__atomic_exchange_n(&in_use[slot], 0, __ATOMIC_RELAXED) == 1);
			CHECK(falconet_slots_give_back(&slots, slot) == FALCONET_OK);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const bool shared = argc > 1 && strcmp(argv[1], "shared") == 0;
	const int threads = shared ? THREADS : 2;
	pthread_t ids[THREADS];
	falconet_pool pools[THREADS];
	struct work works[THREADS];
	for (int i = 0; i < threads; i++) {
		pools[i] = (falconet_pool){ memories[i], sizeof memories[i], BATCHES, EVENTS, BYTES };
		works[i] = (struct work){ &pools[shared ? 0 : i], (uint8_t)(i + 1), shared, 0 };
	}
	for (int i = 0; i < threads; i++)
		CHECK(pthread_create(&ids[i], NULL, run, &works[i]) == 0);
	for (int i = 0; i < threads; i++)
		CHECK(pthread_join(ids[i], NULL) == 0);
	for (int i = 0; i < threads; i++)
		CHECK(shared || works[i].leased == ROUNDS);
	/* All were given back. */
	for (int i = 0; i < BATCHES; i++) {
		falconet_batch *batch = NULL;
		CHECK(falconet_pool_lease(&pools[0], &batch) == FALCONET_OK);
	}
	puts("done");
	return 0;
}
