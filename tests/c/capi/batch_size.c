/* SPDX-License-Identifier: Apache-2.0 */
/* FALCONET_BATCH_SIZE is what the library needs, for a grid of values and every alignment of the memory. */
#include <falconet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void expect(int right, const char *what, uint32_t events, size_t bytes, size_t at)
{
	if (!right) {
		printf("%s: %u events, %zu bytes, memory at %zu\n", what, (unsigned)events, bytes, at);
		failures++;
	}
}

int main(void)
{
	static const uint32_t events[] = { 1, 2, 3, 7, 8, 9, 64, 127, 128, 1000, 65536, 16777216, UINT32_MAX };
	static const size_t bytes[] = { 38, 39, 40, 47, 63, 64, 65, 100, 4096, 4097, 65536, 1048576, UINT32_MAX - 7 };
	static const size_t refused[] = { 0, 1, 37, (size_t)UINT32_MAX - 6, (size_t)UINT32_MAX, SIZE_MAX };
	static uint8_t constant[FALCONET_BATCH_SIZE(128, 65536)];
	size_t compared = 0, made = 0, needed;
	falconet_batch *batch;

	for (size_t e = 0; e < sizeof events / sizeof *events; e++) {
		for (size_t b = 0; b < sizeof bytes / sizeof *bytes; b++) {
			needed = 0;
			expect(falconet_batch_size(events[e], bytes[b], &needed) == FALCONET_OK, "size", events[e], bytes[b], 0);
			expect(needed == FALCONET_BATCH_SIZE(events[e], bytes[b]), "the macro", events[e], bytes[b], 0);
			compared++;
			if (needed > 1 << 20)
				continue;
			/* The memory ends where it is said to: a write behind it is seen by a sanitizer. */
			for (size_t at = 0; at < 64; at++) {
				uint8_t *memory = malloc(at + needed);
				falconet_write_view *payload;
				if (!memory)
					return 2;
				memset(memory, 0xAA, at + needed);
				expect(falconet_batch_init(memory + at, needed, events[e], bytes[b], &batch) == FALCONET_OK, "init",
				       events[e], bytes[b], at);
				expect(falconet_batch_max_payload(batch) == bytes[b] - 38, "largest", events[e], bytes[b], at);
				for (uint32_t n = 0; falconet_batch_claim_for(batch, (uint32_t)(n % 3), &payload) == FALCONET_OK; n++) {
					falconet_write_view_set_len(payload, n % 3);
					falconet_batch_commit(batch, n);
					made++;
				}
				expect(falconet_batch_len(batch) > 0, "no event", events[e], bytes[b], at);
				free(memory);
			}
		}
		for (size_t b = 0; b < sizeof refused / sizeof *refused; b++) {
			needed = 77;
			expect(falconet_batch_size(events[e], refused[b], &needed) == FALCONET_ERROR_ARGUMENT, "refused",
			       events[e], refused[b], 0);
			expect(needed == 77, "written", events[e], refused[b], 0);
		}
	}
	expect(falconet_batch_size(0, 64, &needed) == FALCONET_ERROR_ARGUMENT, "no events", 0, 64, 0);
	expect(falconet_batch_size(1, 64, NULL) == FALCONET_ERROR_NULL, "no output", 1, 64, 0);

	/* One byte less is too small for some alignment, and 64 less for every one. */
	size_t small = 0;
	for (size_t at = 0; at < 64; at++) {
		batch = NULL;
		small += falconet_batch_init(constant + at, FALCONET_BATCH_SIZE(8, 1024) - 1, 8, 1024, &batch) == FALCONET_ERROR_SIZE;
		expect(falconet_batch_init(constant + at, FALCONET_BATCH_SIZE(8, 1024) - 64, 8, 1024, &batch) == FALCONET_ERROR_SIZE,
		       "too small", 8, 1024, at);
	}
	expect(small == 1, "too small by one", 8, 1024, 0);
	printf("compared=%zu made=%zu failures=%d\n", compared, made, failures);
	return failures ? 1 : 0;
}
