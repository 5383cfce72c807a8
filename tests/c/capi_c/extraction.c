/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of plugin_extract_fields, as a host makes them, and values of every type. */
#include "check.h"
#include "host_api.h"

enum { PAYLOAD = 24 };
#define NO_INDEX UINT64_MAX

/* An event with a payload of a number, `text` and NULs up to its end. */
static struct made {
	uint8_t *bytes;
	ss_plugin_event_input input;
} make_event(void)
{
	struct made made;
	falconet_write_view view;
	uint32_t id = 7;
	uint8_t payload[PAYLOAD] = "\1\0\0\0\0\0\0\0text";
	falconet_bytes parameters[] = { { &id, 4 }, { payload, PAYLOAD } };
	made.bytes = malloc(FALCONET_PAYLOAD_OFFSET + PAYLOAD);
	CHECK(made.bytes);
	DONE(falconet_write_view_new(made.bytes, FALCONET_PAYLOAD_OFFSET + PAYLOAD, &view));
	DONE(falconet_event_write_raw(&view, 5, UINT64_MAX, FALCONET_EVENT_PLUGIN, parameters, 2));
	made.input = (ss_plugin_event_input){ (const ss_plugin_event *)(const void *)made.bytes, 1, "demo" };
	return made;
}

/* A request whose outputs are none of the host's yet. */
static ss_plugin_extract_field request(uint32_t id, uint32_t type, uint32_t list)
{
	ss_plugin_extract_field field;
	memset(&field, 0xAB, sizeof field);
	field.field_id = id;
	field.field = "demo.field";
	field.arg_key = NULL;
	field.arg_index = NO_INDEX;
	field.arg_present = 0;
	field.ftype = type;
	field.flist = list;
	return field;
}

static ss_plugin_field_extract_input asking(ss_plugin_extract_field *fields, uint32_t count)
{
	ss_plugin_field_extract_input input;
	memset(&input, 0, sizeof input);
	input.fields = fields;
	input.num_fields = count;
	return input;
}

static falconet_results *results_in(void *memory, size_t size, bool offsets)
{
	falconet_results *results = NULL;
	DONE(falconet_results_init(memory, size, offsets, &results));
	return results;
}

static void arguments(falconet_results *results, struct made *event)
{
	ss_plugin_extract_field fields[3] = {
		request(4, FALCONET_TYPE_UINT64, 0), request(5, FALCONET_TYPE_STRING, 0), request(6, FALCONET_TYPE_STRING, 1),
	};
	ss_plugin_field_extract_input input = asking(fields, 3);
	falconet_extraction call, none = { 0 };
	uint64_t index = 99;
	fields[0].arg_present = 1;
	fields[0].arg_index = 12;
	fields[0].arg_key = "12";
	fields[1].arg_present = 1;
	fields[1].arg_key = "key";

	DONE(falconet_extraction_begin(results, &event->input, &input, &call));
	CHECK(call.id == 4 && call.field_type == FALCONET_TYPE_UINT64 && !call.list && call.payload_len == PAYLOAD);
	CHECK(call.event == event->bytes && call.event_len == FALCONET_PAYLOAD_OFFSET + PAYLOAD);
	for (int i = 0; i < 3; i++)
		CHECK(fields[i].res_len == 0);
	CHECK(strcmp(falconet_extraction_name(&call), "demo.field") == 0);
	IS(falconet_extraction_index(&call, NULL), FALCONET_ERROR_NULL);
	IS(falconet_extraction_index(NULL, &index), FALCONET_ERROR_NULL);
	CHECK(strcmp(falconet_extraction_key(&call), "12") == 0);
	DONE(falconet_extraction_index(&call, &index));
	CHECK(index == 12);
	DONE(falconet_extraction_next(&call));
	CHECK(call.id == 5 && strcmp(falconet_extraction_key(&call), "key") == 0);
	IS(falconet_extraction_index(&call, &index), FALCONET_NONE);
	DONE(falconet_extraction_next(&call));
	CHECK(call.id == 6 && call.list && !falconet_extraction_key(&call));
	IS(falconet_extraction_index(&call, &index), FALCONET_NONE);
	IS(falconet_extraction_next(&call), FALCONET_NONE);
	IS(falconet_extraction_next(&call), FALCONET_ERROR_NO_FIELD);
	IS(falconet_extraction_next(&none), FALCONET_ERROR_NO_FIELD);
	IS(falconet_extraction_next(NULL), FALCONET_ERROR_NULL);
	IS(falconet_extraction_next(BESIDE(falconet_extraction, &none)), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_extraction_index(&call, &index), FALCONET_ERROR_NO_FIELD);
	CHECK(index == 12 && !*falconet_extraction_name(&call) && !falconet_extraction_key(&call));
	CHECK(!*falconet_extraction_name(NULL) && !falconet_extraction_key(NULL));
	CHECK(!*falconet_extraction_name(BESIDE(falconet_extraction, &none)));
}

static void bad_calls(falconet_results *results, struct made *event)
{
	ss_plugin_extract_field fields[2];
	ss_plugin_field_extract_input input = asking(fields, 2);
	ss_plugin_event_input no_event = { NULL, 0, NULL };
	static _Alignas(64) uint8_t memory[FALCONET_RESULTS_LEAST];
	falconet_extraction call, before;
	memset(&call, 0x5A, sizeof call);
	before = call;
#define REFUSED(results, event, out, code)                                                    \
	do {                                                                                  \
		fields[0] = fields[1] = request(0, FALCONET_TYPE_UINT64, 0);                  \
		IS(falconet_extraction_begin((results), (event), &input, (out)), (code));     \
		CHECK(fields[0].res_len == 0 && fields[1].res_len == 0);                      \
	} while (0)
	REFUSED(NULL, &event->input, &call, FALCONET_ERROR_NULL);
	REFUSED((falconet_results *)(void *)memory, &event->input, &call, FALCONET_ERROR_RESULTS);
	REFUSED(BESIDE(falconet_results, memory), &event->input, &call, FALCONET_ERROR_ALIGNMENT);
	REFUSED(results, NULL, &call, FALCONET_ERROR_NULL);
	REFUSED(results, BESIDE(ss_plugin_event_input, memory), &call, FALCONET_ERROR_ALIGNMENT);
	REFUSED(results, &no_event, &call, FALCONET_ERROR_NULL);
	REFUSED(results, &event->input, NULL, FALCONET_ERROR_NULL);
	REFUSED(results, &event->input, BESIDE(falconet_extraction, memory), FALCONET_ERROR_ALIGNMENT);
	memset(event->bytes + 16, 0, 4); /* its length */
	REFUSED(results, &event->input, &call, FALCONET_ERROR_EVENT);
	event->bytes[16] = FALCONET_PAYLOAD_OFFSET + PAYLOAD;
	IS(falconet_extraction_begin(results, &event->input, NULL, &call), FALCONET_ERROR_NULL);
	IS(falconet_extraction_begin(results, &event->input, BESIDE(ss_plugin_field_extract_input, memory), &call),
	   FALCONET_ERROR_ALIGNMENT);
	input.fields = NULL;
	IS(falconet_extraction_begin(results, &event->input, &input, &call), FALCONET_ERROR_NULL);
	input.fields = BESIDE(ss_plugin_extract_field, fields);
	IS(falconet_extraction_begin(results, &event->input, &input, &call), FALCONET_ERROR_ALIGNMENT);
	input.num_fields = 0;
	IS(falconet_extraction_begin(results, &event->input, &input, &call), FALCONET_NONE);
	input.fields = NULL;
	IS(falconet_extraction_begin(results, &event->input, &input, &call), FALCONET_NONE);
	CHECK(memcmp(&call, &before, sizeof call) == 0);

	/* A memory for results that was moved. */
	static _Alignas(64) uint8_t from[FALCONET_RESULTS_LEAST];
	results_in(from, sizeof from, false);
	memcpy(memory, from, sizeof memory);
	input = asking(fields, 2);
	REFUSED((falconet_results *)(void *)memory, &event->input, &call, FALCONET_ERROR_RESULTS);
}

static void memories(void)
{
	falconet_results *results = NULL;
	uint8_t *memory = malloc(FALCONET_RESULTS_LEAST);
	CHECK(memory);
	IS(falconet_results_init(NULL, FALCONET_RESULTS_SIZE, false, &results), FALCONET_ERROR_NULL);
	IS(falconet_results_init(memory, FALCONET_RESULTS_LEAST, false, NULL), FALCONET_ERROR_NULL);
	IS(falconet_results_init(memory, FALCONET_RESULTS_LEAST - 1, false, &results), FALCONET_ERROR_SIZE);
	IS(falconet_results_init(memory, SIZE_MAX, false, &results), FALCONET_ERROR_SIZE);
	CHECK(!results);
	free(memory);
}

/* Values of each type into a memory that is too small for them. */
static void full(struct made *event)
{
	static uint8_t memory[FALCONET_RESULTS_LEAST];
	falconet_results *results = results_in(memory, sizeof memory, false);
	ss_plugin_extract_field fields[6] = {
		request(0, FALCONET_TYPE_UINT64, 1), request(1, FALCONET_TYPE_RELTIME, 1), request(2, FALCONET_TYPE_ABSTIME, 1),
		request(3, FALCONET_TYPE_BOOL, 1), request(4, FALCONET_TYPE_IPADDR, 1), request(5, FALCONET_TYPE_IPNET, 1),
	};
	ss_plugin_field_extract_input input = asking(fields, 6);
	const uint8_t address[16] = { 1 };
	falconet_extraction call;
#define UNTIL_FULL(give)                                	do {                                            		while ((give) == FALCONET_OK)           			;                               		IS(give, FALCONET_ERROR_ROOM);          		falconet_extraction_next(&call);        	} while (0)
	DONE(falconet_extraction_begin(results, &event->input, &input, &call));
	UNTIL_FULL(falconet_result_u64(&call, 1));
	UNTIL_FULL(falconet_result_reltime(&call, 1));
	UNTIL_FULL(falconet_result_abstime(&call, 1));
	UNTIL_FULL(falconet_result_bool(&call, true));
	UNTIL_FULL(falconet_result_ipaddr(&call, address, 16));
	UNTIL_FULL(falconet_result_ipnet(&call, address, 16));
	for (int i = 0; i < 6; i++)
		CHECK(fields[i].res_len == 0);
}

/* Fills every memory to its end: a list of each type and a text, at every alignment and in every kind of size. */
static void filled(struct made *event)
{
	char text[500];
	memset(text, 't', sizeof text);
	for (size_t beside = 0; beside < 9; beside++)
		for (size_t size = FALCONET_RESULTS_LEAST; size < FALCONET_RESULTS_LEAST + 200; size += 7) {
			uint8_t *memory = malloc(beside + size);
			CHECK(memory);
			falconet_results *results = results_in(memory + beside, size, true);
			ss_plugin_extract_field fields[3] = {
				request(0, FALCONET_TYPE_IPADDR, 1), request(1, FALCONET_TYPE_STRING, 1), request(2, FALCONET_TYPE_UINT64, 1),
			};
			ss_plugin_field_extract_input input = asking(fields, 3);
			ss_plugin_extract_value_offsets offsets = { NULL, NULL };
			falconet_extraction call;
			uint64_t given = 0;
			input.value_offsets = &offsets;
			DONE(falconet_extraction_begin(results, &event->input, &input, &call));
			while (falconet_result_ipaddr(&call, (const uint8_t *)"0123456789abcdef", 16) == FALCONET_OK)
				given++;
			CHECK(given >= 6 && fields[0].res_len == 0);
			DONE(falconet_extraction_next(&call));
			for (size_t len = sizeof text; len > 0; len--)
				if (falconet_result_string(&call, text, len) == FALCONET_OK)
					break;
			DONE(falconet_extraction_next(&call));
			for (given = 0; falconet_result_u64(&call, given) == FALCONET_OK; given++)
				CHECK(fields[2].res.u64[given] == given);
			CHECK(given >= 8);
			IS(falconet_result_u64(&call, 1), FALCONET_ERROR_ROOM);
			IS(falconet_extraction_next(&call), FALCONET_NONE);
			free(memory);
		}
}

void test_extraction(void)
{
	static uint8_t memory[FALCONET_RESULTS_SIZE + 1];
	struct made event = make_event();
	memories();
	arguments(results_in(memory + 1, FALCONET_RESULTS_SIZE, false), &event);
	bad_calls(results_in(memory, FALCONET_RESULTS_SIZE, false), &event);
	bad_calls(results_in(memory, FALCONET_RESULTS_SIZE, true), &event);
	full(&event);
	filled(&event);
	free(event.bytes);
}

static const uint32_t TYPES[] = {
	FALCONET_TYPE_UINT64, FALCONET_TYPE_STRING, FALCONET_TYPE_RELTIME, FALCONET_TYPE_ABSTIME,
	FALCONET_TYPE_BOOL, FALCONET_TYPE_IPADDR, FALCONET_TYPE_IPNET,
};
static const uint8_t V4[] = { 192, 0, 2, 1 }, V6[16] = { 0x20, 1, 0xd, 0xb8 };

/* Expects of each function that gives a value the code `code`, but FALCONET_OK of the one for the call's own type. */
static void give_all(falconet_extraction *call, uint32_t type, falconet_code code)
{
#define OF(own) (type == (own) ? FALCONET_OK : code)
	IS(falconet_result_u64(call, 1), OF(FALCONET_TYPE_UINT64));
	IS(falconet_result_string(call, "copied", 6), OF(FALCONET_TYPE_STRING));
	IS(falconet_result_reltime(call, 1), OF(FALCONET_TYPE_RELTIME));
	IS(falconet_result_abstime(call, 1), OF(FALCONET_TYPE_ABSTIME));
	IS(falconet_result_bool(call, true), OF(FALCONET_TYPE_BOOL));
	IS(falconet_result_ipaddr(call, V4, 4), OF(FALCONET_TYPE_IPADDR));
	IS(falconet_result_ipnet(call, V6, 16), OF(FALCONET_TYPE_IPNET));
}

/* What the host reads as value number `index`. */
static void right(const ss_plugin_extract_field *field, uint64_t index)
{
	switch (field->ftype) {
	case FALCONET_TYPE_STRING: CHECK(strcmp(field->res.str[index], "copied") == 0); break;
	case FALCONET_TYPE_BOOL: CHECK(field->res.boolean[index] == 1); break;
	case FALCONET_TYPE_IPADDR:
		CHECK(field->res.buf[index].len == 4 && memcmp(field->res.buf[index].ptr, V4, 4) == 0);
		break;
	case FALCONET_TYPE_IPNET:
		CHECK(field->res.buf[index].len == 16 && memcmp(field->res.buf[index].ptr, V6, 16) == 0);
		break;
	default: CHECK(field->res.u64[index] == 1);
	}
}

/* Each type alone, in a list, and where the host asks for value offsets, by the functions of every type. */
static void every_type(falconet_results *results, struct made *event, ss_plugin_extract_value_offsets *offsets)
{
	for (size_t t = 0; t < sizeof TYPES / sizeof *TYPES; t++)
		for (uint32_t list = 0; list < 2; list++) {
			ss_plugin_extract_field field = request(0, TYPES[t], list);
			ss_plugin_field_extract_input input = asking(&field, 1);
			falconet_extraction call;
			input.value_offsets = offsets;
			DONE(falconet_extraction_begin(results, &event->input, &input, &call));
			give_all(&call, TYPES[t], FALCONET_ERROR_FIELD_TYPE);
			CHECK(field.res_len == 1);
			right(&field, 0);
			if (list) {
				give_all(&call, TYPES[t], FALCONET_ERROR_FIELD_TYPE);
				CHECK(field.res_len == 2);
				right(&field, 1);
			} else {
				falconet_code (*const u64s[])(falconet_extraction *, uint64_t) = {
					falconet_result_u64, falconet_result_reltime, falconet_result_abstime,
				};
				for (size_t i = 0; i < 3; i++)
					CHECK(u64s[i](&call, 2) < 0);
				if (TYPES[t] == FALCONET_TYPE_UINT64)
					IS(falconet_result_u64(&call, 2), FALCONET_ERROR_ANSWERED);
				if (TYPES[t] == FALCONET_TYPE_RELTIME)
					IS(falconet_result_reltime(&call, 2), FALCONET_ERROR_ANSWERED);
				if (TYPES[t] == FALCONET_TYPE_ABSTIME)
					IS(falconet_result_abstime(&call, 2), FALCONET_ERROR_ANSWERED);
				if (TYPES[t] == FALCONET_TYPE_BOOL)
					IS(falconet_result_bool(&call, false), FALCONET_ERROR_ANSWERED);
				if (TYPES[t] == FALCONET_TYPE_IPADDR)
					IS(falconet_result_ipaddr(&call, V6, 16), FALCONET_ERROR_ANSWERED);
				if (TYPES[t] == FALCONET_TYPE_IPNET)
					IS(falconet_result_ipnet(&call, V6, 16), FALCONET_ERROR_ANSWERED);
				if (TYPES[t] == FALCONET_TYPE_STRING) {
					IS(falconet_result_string(&call, "other", 5), FALCONET_ERROR_ANSWERED);
					IS(falconet_result_c_str(&call, "other"), FALCONET_ERROR_ANSWERED);
				}
				CHECK(field.res_len == 1);
				right(&field, 0);
			}
			IS(falconet_extraction_next(&call), FALCONET_NONE);
			give_all(&call, 0, FALCONET_ERROR_NO_FIELD);
			IS(falconet_result_c_str(&call, "late"), FALCONET_ERROR_NO_FIELD);
			CHECK(field.res_len == 1 + list);
			right(&field, list);
		}
}

static void texts(falconet_results *results, struct made *event)
{
	ss_plugin_extract_field fields[4];
	for (uint32_t i = 0; i < 4; i++)
		fields[i] = request(i, FALCONET_TYPE_STRING, i == 3);
	ss_plugin_field_extract_input input = asking(fields, 4);
	falconet_extraction call;
	const char *text = (const char *)event->bytes + FALCONET_PAYLOAD_OFFSET + 8;
	char *large = malloc(2 * FALCONET_RESULTS_SIZE);
	CHECK(large);
	memset(large, 'l', 2 * FALCONET_RESULTS_SIZE);

	DONE(falconet_extraction_begin(results, &event->input, &input, &call));
	IS(falconet_result_string(&call, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_result_string(&call, "a", SIZE_MAX), FALCONET_ERROR_SIZE);
	IS(falconet_result_string(&call, "a\0b", 3), FALCONET_ERROR_TEXT);
	IS(falconet_result_string(&call, large, 2 * FALCONET_RESULTS_SIZE), FALCONET_ERROR_ROOM);
	IS(falconet_result_string(NULL, "a", 1), FALCONET_ERROR_NULL);
	CHECK(fields[0].res_len == 0);
	DONE(falconet_result_string(&call, text, 4));
	CHECK(fields[0].res.str[0] == text);
	DONE(falconet_extraction_next(&call));
	DONE(falconet_result_string(&call, text, 2));
	CHECK(fields[1].res.str[0] != text && strcmp(fields[1].res.str[0], "te") == 0);
	DONE(falconet_extraction_next(&call));
	IS(falconet_result_c_str(&call, NULL), FALCONET_ERROR_NULL);
	IS(falconet_result_c_str(NULL, "a"), FALCONET_ERROR_NULL);
	event->bytes[FALCONET_PAYLOAD_OFFSET + PAYLOAD - 1] = 'x';
	IS(falconet_result_c_str(&call, text), FALCONET_ERROR_TEXT);
	event->bytes[FALCONET_PAYLOAD_OFFSET + PAYLOAD - 1] = '\0';
	CHECK(fields[2].res_len == 0);
	DONE(falconet_result_c_str(&call, text));
	CHECK(fields[2].res.str[0] == text);
	DONE(falconet_extraction_next(&call));
	/* A list that one value does not fit into has none. */
	DONE(falconet_result_string(&call, NULL, 0));
	DONE(falconet_result_c_str(&call, "static"));
	CHECK(fields[3].res_len == 2 && !*fields[3].res.str[0] && strcmp(fields[3].res.str[1], "static") == 0);
	IS(falconet_result_string(&call, large, 2 * FALCONET_RESULTS_SIZE), FALCONET_ERROR_ROOM);
	IS(falconet_result_c_str(&call, "static"), FALCONET_ERROR_ROOM);
	IS(falconet_extraction_next(&call), FALCONET_NONE);
	CHECK(fields[3].res_len == 0 && fields[0].res.str[0] == text && strcmp(fields[1].res.str[0], "te") == 0);
	free(large);
}

static void bad_values(falconet_results *results, struct made *event)
{
	ss_plugin_extract_field field = request(0, FALCONET_TYPE_IPADDR, 0);
	ss_plugin_field_extract_input input = asking(&field, 1);
	falconet_extraction call, none = { 0 }, *beside = BESIDE(falconet_extraction, &none);
	DONE(falconet_extraction_begin(results, &event->input, &input, &call));
	IS(falconet_result_ipaddr(&call, NULL, 4), FALCONET_ERROR_NULL);
	IS(falconet_result_ipaddr(&call, V4, 5), FALCONET_ERROR_ARGUMENT);
	IS(falconet_result_ipaddr(&call, V4, 0), FALCONET_ERROR_ARGUMENT);
	IS(falconet_result_ipnet(&call, V4, SIZE_MAX), FALCONET_ERROR_ARGUMENT);
	IS(falconet_result_ipnet(&call, NULL, 16), FALCONET_ERROR_NULL);
	CHECK(field.res_len == 0);
	give_all(NULL, 0, FALCONET_ERROR_NULL);
	give_all(&none, 0, FALCONET_ERROR_NO_FIELD);
	give_all(beside, 0, FALCONET_ERROR_ALIGNMENT);
	IS(falconet_result_c_str(&call, "a"), FALCONET_ERROR_FIELD_TYPE);
	IS(falconet_result_c_str(&none, "a"), FALCONET_ERROR_NO_FIELD);
	IS(falconet_result_c_str(beside, "a"), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_extraction_at(NULL, event->bytes, 1), FALCONET_ERROR_NULL);
	IS(falconet_extraction_at(&none, event->bytes, 1), FALCONET_ERROR_NO_FIELD);
	IS(falconet_extraction_at(beside, event->bytes, 1), FALCONET_ERROR_ALIGNMENT);
}

static void offsets(falconet_results *results, struct made *event)
{
	ss_plugin_extract_field fields[2] = { request(0, FALCONET_TYPE_UINT64, 0), request(1, FALCONET_TYPE_STRING, 0) };
	ss_plugin_field_extract_input input = asking(fields, 2);
	ss_plugin_extract_value_offsets found = { NULL, NULL };
	falconet_extraction call;
	const uint8_t *payload = event->bytes + FALCONET_PAYLOAD_OFFSET;
	input.value_offsets = &found;
	DONE(falconet_extraction_begin(results, &event->input, &input, &call));
	IS(falconet_extraction_at(&call, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_extraction_at(&call, payload, PAYLOAD + 1), FALCONET_ERROR_ARGUMENT);
	IS(falconet_extraction_at(&call, payload, SIZE_MAX), FALCONET_ERROR_ARGUMENT);
	IS(falconet_extraction_at(&call, event->bytes - 1, 2), FALCONET_ERROR_ARGUMENT);
	IS(falconet_extraction_at(&call, V4, 1), FALCONET_ERROR_ARGUMENT);
	DONE(falconet_extraction_at(&call, payload, 8));
	DONE(falconet_result_u64(&call, 1));
	DONE(falconet_extraction_next(&call));
	DONE(falconet_result_c_str(&call, (const char *)payload + 8));
	IS(falconet_extraction_next(&call), FALCONET_NONE);
	IS(falconet_extraction_at(&call, payload, 8), FALCONET_ERROR_NO_FIELD);
	CHECK(fields[0].res.u64[0] == 1 && fields[1].res_len == 1);
	CHECK(found.start && found.start[0] == FALCONET_PAYLOAD_OFFSET && found.length[0] == 8);
	CHECK(found.start[1] == FALCONET_PAYLOAD_OFFSET + 8 && found.length[1] == 4);
}

void test_values(void)
{
	static uint8_t plain[FALCONET_RESULTS_SIZE], with_offsets[FALCONET_RESULTS_SIZE];
	struct made event = make_event();
	ss_plugin_extract_value_offsets asked = { NULL, NULL };
	falconet_results *results = results_in(plain, sizeof plain, false);
	falconet_results *noting = results_in(with_offsets, sizeof with_offsets, true);
	every_type(results, &event, NULL);
	every_type(noting, &event, NULL);
	every_type(noting, &event, &asked);
	texts(results, &event);
	texts(noting, &event);
	bad_values(results, &event);
	offsets(noting, &event);
	free(event.bytes);
}
