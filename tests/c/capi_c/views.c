/* SPDX-License-Identifier: Apache-2.0 */
/* The three views. Memory is from malloc, so that an access beyond it is seen. */
#include "check.h"

static uint8_t *fresh(size_t size, uint8_t byte)
{
	uint8_t *memory = malloc(size);
	CHECK(memory);
	memset(memory, byte, size);
	return memory;
}

void test_views(void)
{
	uint8_t *memory = fresh(10, 'm'), into[16];
	falconet_view view, before;
	const uint8_t *at = NULL;
	size_t count = 99;
	memcpy(memory, "0123456789", 10);

	DONE(falconet_view_new(memory, 8, 10, &view));
	before = view;
	IS(falconet_view_new(NULL, 0, 0, &view), FALCONET_ERROR_NULL);
	IS(falconet_view_new(memory, 8, 10, NULL), FALCONET_ERROR_NULL);
	IS(falconet_view_new(memory, 11, 10, &view), FALCONET_ERROR_LEN);
	IS(falconet_view_new(memory, 8, HUGE_SIZE, &view), FALCONET_ERROR_SIZE);
	IS(falconet_view_new(memory, 8, 10, BESIDE(falconet_view, &view)), FALCONET_ERROR_ALIGNMENT);
	CHECK(memcmp(&view, &before, sizeof view) == 0);
	CHECK(falconet_view_ptr(&view) == memory && falconet_view_len(&view) == 8 && falconet_view_capacity(&view) == 10);
	CHECK(falconet_view_offset(&view) == 0 && falconet_view_remaining(&view) == 8);

	DONE(falconet_view_read(&view, into, 3, &count));
	CHECK(count == 3 && memcmp(into, "012", 3) == 0 && falconet_view_offset(&view) == 3);
	DONE(falconet_view_read(&view, NULL, 0, NULL));
	count = 99;
	IS(falconet_view_read(&view, NULL, 1, &count), FALCONET_ERROR_NULL);
	IS(falconet_view_read(&view, NULL, SIZE_MAX, &count), FALCONET_ERROR_SIZE);
	IS(falconet_view_read(NULL, into, 1, &count), FALCONET_ERROR_NULL);
	IS(falconet_view_read(&view, into, SIZE_MAX, &count), FALCONET_ERROR_SIZE);
	IS(falconet_view_read(&view, into, HUGE_SIZE, &count), FALCONET_ERROR_SIZE);
	IS(falconet_view_read(&view, memory + 9, 1, &count), FALCONET_ERROR_OVERLAP);
	IS(falconet_view_read(&view, into, 1, BESIDE(size_t, into)), FALCONET_ERROR_ALIGNMENT);
	CHECK(count == 99 && falconet_view_offset(&view) == 3);

	IS(falconet_view_read_exact(&view, into, 6), FALCONET_ERROR_SHORT);
	IS(falconet_view_read_exact(&view, memory, 1), FALCONET_ERROR_OVERLAP);
	IS(falconet_view_read_exact(&view, into, SIZE_MAX), FALCONET_ERROR_SIZE);
	IS(falconet_view_read_exact(NULL, into, 1), FALCONET_ERROR_NULL);
	IS(falconet_view_read_exact(&view, NULL, 1), FALCONET_ERROR_NULL);
	DONE(falconet_view_read_exact(&view, into, 2));
	CHECK(memcmp(into, "34", 2) == 0);

	IS(falconet_view_take(&view, 4, &at), FALCONET_ERROR_SHORT);
	IS(falconet_view_take(&view, SIZE_MAX, &at), FALCONET_ERROR_SHORT);
	IS(falconet_view_take(&view, 1, NULL), FALCONET_ERROR_NULL);
	CHECK(!at && falconet_view_offset(&view) == 5);
	DONE(falconet_view_take(&view, 3, &at));
	CHECK(at == memory + 5 && falconet_view_remaining(&view) == 0);

	count = 99;
	IS(falconet_view_seek(&view, FALCONET_SEEK_START, 9, &count), FALCONET_ERROR_SEEK);
	IS(falconet_view_seek(&view, FALCONET_SEEK_CURRENT, -9, &count), FALCONET_ERROR_SEEK);
	IS(falconet_view_seek(&view, FALCONET_SEEK_END, INT64_MIN, &count), FALCONET_ERROR_SEEK);
	IS(falconet_view_seek(&view, FALCONET_SEEK_END, INT64_MAX, &count), FALCONET_ERROR_SEEK);
	IS(falconet_view_seek(&view, FALCONET_SEEK_START, -1, &count), FALCONET_ERROR_ARGUMENT);
	IS(falconet_view_seek(&view, 3, 0, &count), FALCONET_ERROR_ARGUMENT);
	IS(falconet_view_seek(&view, -1, 0, &count), FALCONET_ERROR_ARGUMENT);
	IS(falconet_view_seek(NULL, FALCONET_SEEK_START, 0, &count), FALCONET_ERROR_NULL);
	IS(falconet_view_seek(&view, FALCONET_SEEK_START, 0, BESIDE(size_t, into)), FALCONET_ERROR_ALIGNMENT);
	CHECK(count == 99 && falconet_view_offset(&view) == 8);
	DONE(falconet_view_seek(&view, FALCONET_SEEK_END, -2, &count));
	CHECK(count == 6);
	DONE(falconet_view_seek(&view, FALCONET_SEEK_CURRENT, 1, NULL));

	IS(falconet_view_set_len(&view, 11), FALCONET_ERROR_LEN);
	IS(falconet_view_set_len(NULL, 1), FALCONET_ERROR_NULL);
	DONE(falconet_view_set_len(&view, 10));
	DONE(falconet_view_take(&view, 3, &at));
	CHECK(memcmp(at, "789", 3) == 0);
	DONE(falconet_view_set_len(&view, 4));
	CHECK(falconet_view_offset(&view) == 4);

	/* Fields that contradict each other, and no view at all. */
	falconet_view broken[] = { { NULL, 0, 0, 0 }, { memory, 5, 4, 0 }, { memory, 2, 4, 3 }, { memory, 0, SIZE_MAX, 0 } };
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		IS(falconet_view_read(&broken[i], into, 1, NULL), FALCONET_ERROR_VIEW);
		IS(falconet_view_read_exact(&broken[i], into, 0), FALCONET_ERROR_VIEW);
		IS(falconet_view_take(&broken[i], 0, &at), FALCONET_ERROR_VIEW);
		IS(falconet_view_seek(&broken[i], FALCONET_SEEK_START, 0, NULL), FALCONET_ERROR_VIEW);
		IS(falconet_view_set_len(&broken[i], 0), FALCONET_ERROR_VIEW);
	}
	IS(falconet_view_take(BESIDE(falconet_view, broken), 0, &at), FALCONET_ERROR_ALIGNMENT);
	CHECK(!falconet_view_ptr(NULL) && !falconet_view_ptr(&broken[0]) && falconet_view_remaining(&broken[2]) == 0);
	CHECK(!falconet_view_len(NULL) && !falconet_view_capacity(NULL) && !falconet_view_offset(NULL) && !falconet_view_remaining(NULL));
	free(memory);
}

void test_write_views(void)
{
	uint8_t *memory = fresh(8, 'm'), *at = NULL, *room = NULL;
	falconet_write_view view, before;
	size_t count = 99;

	DONE(falconet_write_view_new(memory, 8, &view));
	before = view;
	IS(falconet_write_view_new(NULL, 8, &view), FALCONET_ERROR_NULL);
	IS(falconet_write_view_new(memory, 8, NULL), FALCONET_ERROR_NULL);
	IS(falconet_write_view_new(memory, HUGE_SIZE, &view), FALCONET_ERROR_SIZE);
	CHECK(memcmp(&view, &before, sizeof view) == 0);
	CHECK(falconet_write_view_ptr(&view) == memory && falconet_write_view_len(&view) == 0);
	CHECK(falconet_write_view_capacity(&view) == 8 && falconet_write_view_space(&view) == 8);

	DONE(falconet_write_view_write(&view, "ab", 2, &count));
	CHECK(count == 2);
	DONE(falconet_write_view_write(&view, NULL, 0, NULL));
	count = 99;
	IS(falconet_write_view_write(&view, NULL, 1, &count), FALCONET_ERROR_NULL);
	IS(falconet_write_view_write(&view, "ab", SIZE_MAX, &count), FALCONET_ERROR_SIZE);
	IS(falconet_write_view_write(&view, NULL, SIZE_MAX, &count), FALCONET_ERROR_SIZE);
	IS(falconet_write_view_write(&view, memory, 1, &count), FALCONET_ERROR_OVERLAP);
	IS(falconet_write_view_write(&view, "c", 1, BESIDE(size_t, &before)), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_write_view_write(NULL, "c", 1, &count), FALCONET_ERROR_NULL);
	CHECK(count == 99 && falconet_write_view_len(&view) == 2);
	DONE(falconet_write_view_write(&view, "cdefghijk", 9, &count));
	CHECK(count == 6 && falconet_write_view_space(&view) == 0 && memcmp(memory, "abcdefgh", 8) == 0);

	IS(falconet_write_view_write_all(&view, "i", 1), FALCONET_ERROR_ROOM);
	IS(falconet_write_view_write_decimal(&view, 0), FALCONET_ERROR_ROOM);
	IS(falconet_write_view_place(&view, 1, &at), FALCONET_ERROR_ROOM);
	IS(falconet_write_view_place(&view, SIZE_MAX, &at), FALCONET_ERROR_ROOM);
	IS(falconet_write_view_advance(&view, 1), FALCONET_ERROR_ROOM);
	IS(falconet_write_view_set_len(&view, 9), FALCONET_ERROR_LEN);
	CHECK(!at && falconet_write_view_len(&view) == 8);

	count = 99;
	IS(falconet_write_view_seek(&view, FALCONET_SEEK_CURRENT, 1, &count), FALCONET_ERROR_SEEK);
	IS(falconet_write_view_seek(&view, 7, 1, &count), FALCONET_ERROR_ARGUMENT);
	IS(falconet_write_view_seek(&view, FALCONET_SEEK_START, 0, BESIDE(size_t, &before)), FALCONET_ERROR_ALIGNMENT);
	CHECK(count == 99);
	DONE(falconet_write_view_seek(&view, FALCONET_SEEK_START, 2, &count));
	CHECK(count == 2 && falconet_write_view_offset(&view) == 2);
	DONE(falconet_write_view_write_all(&view, "XY", 2));
	DONE(falconet_write_view_write_decimal(&view, 907));
	CHECK(memcmp(memory, "abXY907h", 8) == 0 && falconet_write_view_len(&view) == 8);
	IS(falconet_write_view_write_all(&view, memory + 7, 1), FALCONET_ERROR_OVERLAP);
	IS(falconet_write_view_write_all(&view, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_write_view_write_all(&view, "a", SIZE_MAX), FALCONET_ERROR_SIZE);
	IS(falconet_write_view_write_all(NULL, "a", 1), FALCONET_ERROR_NULL);
	DONE(falconet_write_view_set_len(&view, 3));
	CHECK(falconet_write_view_offset(&view) == 3);

	/* Content that was given up comes back as zero only. */
	DONE(falconet_write_view_set_len(&view, 5));
	CHECK(memcmp(memory, "abX\0\0", 5) == 0);
	DONE(falconet_write_view_place(&view, 2, &at));
	CHECK(at == memory + 3 && falconet_write_view_offset(&view) == 5);
	IS(falconet_write_view_place(&view, 1, NULL), FALCONET_ERROR_NULL);
	IS(falconet_write_view_place(NULL, 1, &at), FALCONET_ERROR_NULL);
	DONE(falconet_write_view_seek(&view, FALCONET_SEEK_START, 1, NULL));
	count = 99;
	IS(falconet_write_view_room(&view, NULL, &count), FALCONET_ERROR_NULL);
	IS(falconet_write_view_room(&view, &room, NULL), FALCONET_ERROR_NULL);
	IS(falconet_write_view_room(NULL, &room, &count), FALCONET_ERROR_NULL);
	CHECK(count == 99 && !room && falconet_write_view_len(&view) == 5);
	DONE(falconet_write_view_room(&view, &room, &count));
	CHECK(room == memory + 1 && count == 7 && falconet_write_view_len(&view) == 1);
	memcpy(room, "PQ", 2);
	IS(falconet_write_view_advance(&view, 8), FALCONET_ERROR_ROOM);
	IS(falconet_write_view_advance(&view, SIZE_MAX), FALCONET_ERROR_ROOM);
	IS(falconet_write_view_advance(NULL, 0), FALCONET_ERROR_NULL);
	DONE(falconet_write_view_advance(&view, 2));
	CHECK(falconet_write_view_len(&view) == 3 && memcmp(memory, "aPQ", 3) == 0);

	falconet_write_view broken[] = {
		{ NULL, 0, 0, 0, 0 }, { memory, 9, 8, 0, 0 }, { memory, 2, 8, 3, 0 }, { memory, 0, HUGE_SIZE, 0, 0 },
	};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		IS(falconet_write_view_write(&broken[i], "a", 1, NULL), FALCONET_ERROR_VIEW);
		IS(falconet_write_view_write_all(&broken[i], "a", 1), FALCONET_ERROR_VIEW);
		IS(falconet_write_view_write_decimal(&broken[i], 1), FALCONET_ERROR_VIEW);
		IS(falconet_write_view_place(&broken[i], 0, &at), FALCONET_ERROR_VIEW);
		IS(falconet_write_view_room(&broken[i], &room, &count), FALCONET_ERROR_VIEW);
		IS(falconet_write_view_advance(&broken[i], 0), FALCONET_ERROR_VIEW);
		IS(falconet_write_view_seek(&broken[i], FALCONET_SEEK_START, 0, NULL), FALCONET_ERROR_VIEW);
		IS(falconet_write_view_set_len(&broken[i], 0), FALCONET_ERROR_VIEW);
	}
	IS(falconet_write_view_seek(NULL, FALCONET_SEEK_START, 0, NULL), FALCONET_ERROR_NULL);
	IS(falconet_write_view_set_len(NULL, 0), FALCONET_ERROR_NULL);
	IS(falconet_write_view_write_decimal(NULL, 0), FALCONET_ERROR_NULL);
	IS(falconet_write_view_write_decimal(BESIDE(falconet_write_view, broken), 0), FALCONET_ERROR_ALIGNMENT);
	CHECK(!falconet_write_view_ptr(NULL) && !falconet_write_view_len(NULL) && !falconet_write_view_capacity(NULL));
	CHECK(!falconet_write_view_offset(NULL) && !falconet_write_view_space(NULL));
	free(memory);
}

void test_views_of_both(void)
{
	uint8_t *memory = fresh(8, 'm'), into[8], *at = NULL;
	falconet_view_mut view, before, none = { NULL, 0, 0, 0 };
	falconet_view read = { NULL, 7, 7, 7 };
	falconet_write_view write = { NULL, 7, 7, 7, 7 };
	size_t count = 99;
	memcpy(memory, "012345", 6);

	DONE(falconet_view_mut_new(memory, 6, 8, &view));
	before = view;
	IS(falconet_view_mut_new(NULL, 6, 8, &view), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_new(memory, 6, 8, NULL), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_new(memory, 9, 8, &view), FALCONET_ERROR_LEN);
	IS(falconet_view_mut_new(memory, 9, SIZE_MAX, &view), FALCONET_ERROR_SIZE);
	CHECK(memcmp(&view, &before, sizeof view) == 0);
	CHECK(falconet_view_mut_ptr(&view) == memory && falconet_view_mut_len(&view) == 6);
	CHECK(falconet_view_mut_capacity(&view) == 8 && falconet_view_mut_offset(&view) == 0);
	CHECK(falconet_view_mut_remaining(&view) == 6 && falconet_view_mut_space(&view) == 8);

	DONE(falconet_view_mut_read(&view, into, 2, &count));
	CHECK(count == 2 && memcmp(into, "01", 2) == 0);
	IS(falconet_view_mut_read(&view, memory, 1, &count), FALCONET_ERROR_OVERLAP);
	IS(falconet_view_mut_read(&view, NULL, 1, &count), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_read(&view, into, SIZE_MAX, &count), FALCONET_ERROR_SIZE);
	IS(falconet_view_mut_read(&view, into, 1, BESIDE(size_t, &before)), FALCONET_ERROR_ALIGNMENT);
	DONE(falconet_view_mut_read_exact(&view, into, 1));
	IS(falconet_view_mut_read_exact(&view, into, 4), FALCONET_ERROR_SHORT);
	IS(falconet_view_mut_read_exact(&view, memory + 7, 1), FALCONET_ERROR_OVERLAP);
	IS(falconet_view_mut_read_exact(&view, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_read_exact(&view, into, SIZE_MAX), FALCONET_ERROR_SIZE);
	IS(falconet_view_mut_take(&view, 4, &at), FALCONET_ERROR_SHORT);
	IS(falconet_view_mut_take(&view, 1, NULL), FALCONET_ERROR_NULL);
	CHECK(!at && falconet_view_mut_offset(&view) == 3);
	DONE(falconet_view_mut_take(&view, 1, &at));
	*at = '*';
	DONE(falconet_view_mut_write(&view, "ab", 2, &count));
	IS(falconet_view_mut_write(&view, memory, 1, NULL), FALCONET_ERROR_OVERLAP);
	IS(falconet_view_mut_write(&view, NULL, 1, NULL), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_write(&view, "ab", SIZE_MAX, NULL), FALCONET_ERROR_SIZE);
	IS(falconet_view_mut_write(&view, "ab", 1, BESIDE(size_t, &before)), FALCONET_ERROR_ALIGNMENT);
	DONE(falconet_view_mut_write_all(&view, "c", 1));
	IS(falconet_view_mut_write_all(&view, "cd", 2), FALCONET_ERROR_ROOM);
	IS(falconet_view_mut_write_all(&view, memory + 3, 1), FALCONET_ERROR_OVERLAP);
	IS(falconet_view_mut_write_all(&view, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_write_all(&view, "c", SIZE_MAX), FALCONET_ERROR_SIZE);
	IS(falconet_view_mut_write_decimal(&view, 10), FALCONET_ERROR_ROOM);
	DONE(falconet_view_mut_write_decimal(&view, 9));
	CHECK(memcmp(memory, "012*abc9", 8) == 0 && falconet_view_mut_space(&view) == 0);
	count = 99;
	IS(falconet_view_mut_seek(&view, FALCONET_SEEK_END, 1, &count), FALCONET_ERROR_SEEK);
	IS(falconet_view_mut_seek(&view, FALCONET_SEEK_START, -1, &count), FALCONET_ERROR_ARGUMENT);
	IS(falconet_view_mut_seek(&view, FALCONET_SEEK_START, 0, BESIDE(size_t, &before)), FALCONET_ERROR_ALIGNMENT);
	CHECK(count == 99);
	DONE(falconet_view_mut_seek(&view, FALCONET_SEEK_START, 1, &count));
	DONE(falconet_view_mut_as_read(&view, &read));
	CHECK(read.ptr == memory && read.offset == 1 && read.len == 8 && read.capacity == 8);
	IS(falconet_view_mut_as_read(&view, NULL), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_as_read(&none, &read), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_set_len(&view, 9), FALCONET_ERROR_LEN);
	DONE(falconet_view_mut_set_len(&view, 5));
	DONE(falconet_view_mut_set_len(&view, 6));
	CHECK(memory[5] == 0);

	/* Narrowed, it is no view any more. */
	before = view;
	IS(falconet_view_mut_into_read(&view, NULL), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_into_read(NULL, &read), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_into_write(&view, NULL), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_into_write(NULL, &write), FALCONET_ERROR_NULL);
	CHECK(memcmp(&view, &before, sizeof view) == 0 && write.len == 7);
	DONE(falconet_view_mut_into_read(&view, &read));
	CHECK(read.len == 6 && read.capacity == 6 && read.offset == 1);
	IS(falconet_view_mut_into_read(&view, &read), FALCONET_ERROR_VIEW);
	view = before;
	DONE(falconet_view_mut_into_write(&view, &write));
	CHECK(write.len == 6 && write.capacity == 8 && write.offset == 1 && write.touched == 8);
	DONE(falconet_write_view_write_all(&write, "Z", 1));
	CHECK(memory[1] == 'Z' && !falconet_view_mut_ptr(&view));

	IS(falconet_view_mut_into_write(&view, &write), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_read(&view, into, 1, NULL), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_read_exact(&view, into, 1), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_take(&view, 1, &at), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_write(&view, "a", 1, NULL), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_write_all(&view, "a", 1), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_write_decimal(&view, 1), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_seek(&view, FALCONET_SEEK_START, 0, NULL), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_set_len(&view, 0), FALCONET_ERROR_VIEW);
	IS(falconet_view_mut_set_len(NULL, 0), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_seek(NULL, FALCONET_SEEK_START, 0, NULL), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_take(NULL, 0, &at), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_write_decimal(NULL, 0), FALCONET_ERROR_NULL);
	IS(falconet_view_mut_take(BESIDE(falconet_view_mut, &view), 0, &at), FALCONET_ERROR_ALIGNMENT);
	CHECK(!falconet_view_mut_ptr(NULL) && !falconet_view_mut_len(NULL) && !falconet_view_mut_capacity(NULL));
	CHECK(!falconet_view_mut_offset(NULL) && !falconet_view_mut_remaining(NULL) && !falconet_view_mut_space(NULL));
	free(memory);
}
