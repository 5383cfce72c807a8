/* SPDX-License-Identifier: Apache-2.0 */
/* The whole malloc family, counted: linked into a program it stands in front of libc's, for every library in the
 * process. Memory comes from one static block and is not used again, so no detail of the libc matters. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BYTES = 64 * 1024 * 1024 };

static _Alignas(4096) unsigned char block[BYTES];
static size_t used;
static uint64_t calls;

/* Takes and releases, so far. */
uint64_t allocations_so_far(void);
uint64_t allocations_so_far(void)
{
	return calls;
}

/* The size stands before the memory, for realloc. */
static void *take(size_t align, size_t size)
{
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	if (align < 16)
		align = 16;
	if (size > BYTES || align > 4096) {
		errno = ENOMEM;
		return NULL;
	}
	size_t begin = __atomic_fetch_add(&used, size + align + 32, __ATOMIC_RELAXED);
	size_t at = (begin + 16 + align - 1) / align * align;
	if (at + size > BYTES) {
		errno = ENOMEM;
		return NULL;
	}
	memcpy(block + at - sizeof size, &size, sizeof size);
	return block + at;
}

void *malloc(size_t size) { return take(16, size); }
void *memalign(size_t align, size_t size) { return take(align, size); }
void *aligned_alloc(size_t align, size_t size) { return take(align, size); }
void *valloc(size_t size) { return take(4096, size); }
void *pvalloc(size_t size) { return take(4096, (size + 4095) / 4096 * 4096); }

void *calloc(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		return errno = ENOMEM, NULL;
	return take(16, bytes); /* The block is zero and is used once. */
}

void *realloc(void *old, size_t size)
{
	void *grown = take(16, size);
	if (old && grown) {
		size_t had;
		memcpy(&had, (unsigned char *)old - sizeof had, sizeof had);
		memcpy(grown, old, had < size ? had : size);
	}
	return grown;
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		return errno = ENOMEM, NULL;
	return realloc(old, bytes);
}

int posix_memalign(void **to, size_t align, size_t size)
{
	*to = take(align, size);
	return *to ? 0 : ENOMEM;
}

void free(void *old)
{
	if (old)
		__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
}
