/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of falconet.h are written with. tests/tests/capi_c compiles them, runs them, and reads from what they
 * print which codes every function has given. */
#ifndef CHECK_H
#define CHECK_H

#include <falconet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program unless something is so. */
#define CHECK(so)                                                                      \
	do {                                                                           \
		if (!(so)) {                                                           \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #so); \
			exit(1);                                                       \
		}                                                                      \
	} while (0)

/* Ends the program unless a call gives this code; prints `<function>(<arguments> = <code>`. */
#define IS(call, code) check_code(#call, (call), (code), __FILE__, __LINE__)
#define DONE(call) IS(call, FALCONET_OK)

static inline void check_code(const char *call, falconet_code code, falconet_code expected, const char *file, int line)
{
	if (code != expected) {
		fprintf(stderr, "%s:%d: %s is %d (%s), expected %d (%s)\n", file, line, call, (int)code,
		        falconet_error_text(code), (int)expected, falconet_error_text(expected));
		exit(1);
	}
	printf("%s = %d\n", call, (int)code);
}

/* A pointer that is one byte beside an object, so not aligned as it needs. */
#define BESIDE(type, object) ((type *)(void *)((char *)(void *)(object) + 1))

/* A number that is larger than any memory. */
#define HUGE_SIZE (SIZE_MAX / 2 + 1)

void test_views(void);
void test_write_views(void);
void test_views_of_both(void);
void test_batches(void);
void test_pools_and_slots(void);
void test_events(void);
void test_extraction(void);
void test_values(void);
void test_host(void);
void test_last_error(void);

#endif
