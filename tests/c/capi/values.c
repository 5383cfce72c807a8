/* SPDX-License-Identifier: Apache-2.0 */
/* Values of every type, single and in lists, with and without value offsets, and what is refused. */
#include <falconet.h>
#include <plugin/plugin_api.h>
#include <stdio.h>
#include <string.h>

static int checks, failures;

#define CHECK(x) ((void)(checks++, (x) ? 0 : (failures++, printf("%s:%d: %s\n", __FILE__, __LINE__, #x))))
#define OK(x) CHECK((x) == FALCONET_OK)
#define IS(code, x) CHECK((x) == FALCONET_##code)

enum { U64, TEXT, RELTIME, ABSTIME, BOOL, IP, NET };
static const uint32_t types[] = { FTYPE_UINT64, FTYPE_STRING, FTYPE_RELTIME, FTYPE_ABSTIME, FTYPE_BOOL, FTYPE_IPADDR, FTYPE_IPNET };

static _Alignas(64) uint8_t event_memory[128];
static uint8_t memory[FALCONET_RESULTS_SIZE + 1], small_memory[FALCONET_RESULTS_LEAST];
static ss_plugin_event_input event;
static ss_plugin_extract_field fields[80];
static ss_plugin_extract_value_offsets offsets;
static ss_plugin_field_extract_input input;

/* A plugin event with this payload. */
static void make_event(const char *payload, size_t len)
{
	falconet_write_view view;
	uint8_t id[4] = { 231, 3, 0, 0 };
	falconet_bytes parameters[2] = { { id, 4 }, { payload, len } };
	OK(falconet_write_view_new(event_memory + 1, sizeof event_memory - 1, &view));
	OK(falconet_event_write_raw(&view, 7, UINT64_MAX, FALCONET_EVENT_PLUGIN, parameters, 2));
	event.evt = (ss_plugin_event *)(void *)(event_memory + 1);
	event.evtnum = 5;
	event.evtsrc = "demo";
}

/* Asks for so many fields of the types, as the host does: what is output is not initialised. */
static void ask(uint32_t count, uint32_t list, bool with_offsets)
{
	memset(fields, 0xEE, sizeof fields);
	for (uint32_t i = 0; i < count; i++) {
		fields[i].field_id = 100 + i;
		fields[i].field = "a.field";
		fields[i].arg_present = 0;
		fields[i].ftype = types[i % 7];
		fields[i].flist = list;
	}
	memset(&input, 0, sizeof input);
	input.fields = fields;
	input.num_fields = count;
	offsets.start = offsets.length = (uint32_t *)1;
	input.value_offsets = with_offsets ? &offsets : NULL;
}

static falconet_code give(falconet_extraction *call, uint32_t type, uint32_t n)
{
	const uint8_t address[16] = { 10, 0, 0, (uint8_t)n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	static const char *texts[] = { "zero", "one", "two" };
	switch (type) {
	case U64: return falconet_result_u64(call, 1000 + n);
	case TEXT: return n % 2 ? falconet_result_c_str(call, texts[n % 3]) : falconet_result_string(call, texts[n % 3], strlen(texts[n % 3]));
	case RELTIME: return falconet_result_reltime(call, 2000 + n);
	case ABSTIME: return falconet_result_abstime(call, 3000 + n);
	case BOOL: return falconet_result_bool(call, n % 2);
	case IP: return falconet_result_ipaddr(call, address, n % 2 ? 16 : 4);
	default: return falconet_result_ipnet(call, address, n % 2 ? 4 : 16);
	}
}

static void check_value(const ss_plugin_extract_field *field, uint32_t type, uint64_t i, uint32_t n)
{
	static const char *texts[] = { "zero", "one", "two" };
	switch (type) {
	case U64: CHECK(field->res.u64[i] == 1000 + n); break;
	case TEXT: CHECK(!strcmp(field->res.str[i], texts[n % 3])); break;
	case RELTIME: CHECK(field->res.u64[i] == 2000 + n); break;
	case ABSTIME: CHECK(field->res.u64[i] == 3000 + n); break;
	case BOOL: CHECK(field->res.boolean[i] == n % 2); break;
	default:
		CHECK(field->res.buf[i].len == ((type == IP) == (n % 2 == 1) ? 16u : 4u));
		CHECK(((const uint8_t *)field->res.buf[i].ptr)[3] == n);
	}
}

static void every_type(falconet_results *results, uint32_t values, bool with_offsets)
{
	falconet_extraction call;
	falconet_code code;
	uint32_t seen = 0;
	for (int round = 0; round < 20; round++) {
		ask(7, values > 1 ? 64 : 0, with_offsets);
		seen = 0;
		for (code = falconet_extraction_begin(results, &event, &input, &call); code == FALCONET_OK; code = falconet_extraction_next(&call)) {
			CHECK(call.id == 100 + seen && call.field_type == types[seen] && call.list == (values > 1));
			IS(ERROR_FIELD_TYPE, give(&call, (seen + 1) % 7, 0));
			for (uint32_t n = 0; n < values; n++)
				OK(give(&call, seen, n));
			if (values == 1)
				IS(ERROR_ANSWERED, give(&call, seen, 9));
			IS(ERROR_FIELD_TYPE, give(&call, (seen + 1) % 7, 0));
			seen++;
		}
		IS(NONE, code);
		CHECK(seen == 7);
		IS(ERROR_NO_FIELD, falconet_extraction_next(&call));
		IS(ERROR_NO_FIELD, falconet_result_u64(&call, 1));
		IS(ERROR_NO_FIELD, falconet_result_c_str(&call, "x"));
		/* All of a call are right at once. */
		for (uint32_t i = 0; i < 7; i++) {
			CHECK(fields[i].res_len == values);
			for (uint32_t n = 0; n < values; n++)
				check_value(&fields[i], i, n, n);
		}
		CHECK(!with_offsets || (offsets.start && offsets.start[1] == 0 && offsets.length[1] == 0));
	}
}

static void texts_and_offsets(falconet_results *results)
{
	falconet_extraction call;
	const char *payload = (const char *)event_memory + 1 + 38;
	uint64_t index = 77;
	/* One text field: in the event with a NUL behind, in the event without, elsewhere. */
	for (int kind = 0; kind < 5; kind++) {
		ask(2, 0, true);
		fields[0].ftype = FTYPE_UINT64;
		fields[1].ftype = FTYPE_STRING;
		fields[1].arg_present = kind % 2 == 1;
		fields[1].arg_key = "key";
		fields[1].arg_index = kind == 3 ? UINT64_MAX : 6;
		OK(falconet_extraction_begin(results, &event, &input, &call));
		CHECK(offsets.start == NULL && offsets.length == NULL && fields[1].res_len == 0);
		IS(ERROR_ARGUMENT, falconet_extraction_at(&call, call.event - 1, 1));
		IS(ERROR_ARGUMENT, falconet_extraction_at(&call, call.event, call.event_len + 1));
		IS(ERROR_ARGUMENT, falconet_extraction_at(&call, call.event + 2, SIZE_MAX));
		OK(falconet_extraction_at(&call, call.payload, 3));
		OK(falconet_result_u64(&call, 1));
		CHECK(falconet_extraction_key(&call) == NULL);
		IS(NONE, falconet_extraction_index(&call, &index));
		OK(falconet_extraction_next(&call));
		CHECK(!strcmp(falconet_extraction_name(&call), "a.field"));
		CHECK((falconet_extraction_key(&call) != NULL) == (kind % 2 == 1));
		CHECK((falconet_extraction_index(&call, &index) == FALCONET_OK) == (kind == 1));
		if (kind == 0)
			OK(falconet_result_string(&call, payload + 4, 4));
		else if (kind == 1)
			OK(falconet_result_c_str(&call, payload + 4));
		else if (kind == 2)
			OK(falconet_result_string(&call, payload, 3));
		else if (kind == 3)
			OK(falconet_result_c_str(&call, "static"));
		else
			OK(falconet_result_string(&call, NULL, 0));
		IS(NONE, falconet_extraction_next(&call));
		CHECK(offsets.start[0] == 38 && offsets.length[0] == 3 && fields[0].res_len == 1 && fields[1].res_len == 1);
		static const char *expected[] = { "word", "word", "the", "static", "" };
		CHECK(!strcmp(fields[1].res.str[0], expected[kind]));
		CHECK((fields[1].res.str[0] == payload + 4) == (kind < 2));
		CHECK(offsets.start[1] == (kind < 2 ? 42u : kind == 2 ? 38u : 0u));
		CHECK(offsets.length[1] == (kind < 2 ? 4u : kind == 2 ? 3u : 0u));
	}
	/* A list of texts of the event: offsets by value. */
	ask(1, 64, true);
	fields[0].ftype = FTYPE_STRING;
	OK(falconet_extraction_begin(results, &event, &input, &call));
	OK(falconet_result_string(&call, payload, 3));
	OK(falconet_result_c_str(&call, payload + 4));
	OK(falconet_result_c_str(&call, "elsewhere"));
	IS(NONE, falconet_extraction_next(&call));
	CHECK(fields[0].res_len == 3 && offsets.start[0] == 38 && offsets.start[1] == 42 && offsets.start[2] == 0);
	CHECK(offsets.length[0] == 3 && offsets.length[1] == 4 && offsets.length[2] == 0);
	CHECK(!strcmp(fields[0].res.str[0], "the") && !strcmp(fields[0].res.str[2], "elsewhere"));
	/* Texts that the host would read wrong. */
	ask(1, 0, false);
	fields[0].ftype = FTYPE_STRING;
	OK(falconet_extraction_begin(results, &event, &input, &call));
	IS(ERROR_TEXT, falconet_result_string(&call, "a\0b", 3));
	IS(ERROR_TEXT, falconet_result_string(&call, payload + 4, 5));
	IS(ERROR_TEXT, falconet_result_c_str(&call, (const char *)event_memory + 2));
	IS(ERROR_NULL, falconet_result_c_str(&call, NULL));
	IS(ERROR_NULL, falconet_result_string(&call, NULL, 1));
	IS(ERROR_SIZE, falconet_result_string(&call, "x", SIZE_MAX));
	CHECK(fields[0].res_len == 0);
	OK(falconet_result_string(&call, "right", 5));
	CHECK(fields[0].res_len == 1 && !strcmp(fields[0].res.str[0], "right"));
	IS(NONE, falconet_extraction_next(&call));
	make_event("no NUL", 6);
	ask(1, 0, false);
	fields[0].ftype = FTYPE_STRING;
	OK(falconet_extraction_begin(results, &event, &input, &call));
	IS(ERROR_TEXT, falconet_result_c_str(&call, (const char *)call.payload));
	OK(falconet_result_string(&call, (const char *)call.payload, 6));
	CHECK(!strcmp(fields[0].res.str[0], "no NUL"));
}

/* What does not fit is no value, and never a part of one. */
static void no_room(void)
{
	falconet_results *results;
	falconet_extraction call;
	static char text[200];
	uint64_t given = 0;
	falconet_code code;
	memset(text, 'x', sizeof text);
	OK(falconet_results_init(small_memory, sizeof small_memory, true, &results));
	ask(2, 64, false);
	fields[1].ftype = FTYPE_UINT64;
	OK(falconet_extraction_begin(results, &event, &input, &call));
	while ((code = falconet_result_u64(&call, given)) == FALCONET_OK)
		CHECK(fields[0].res_len == ++given);
	CHECK(code == FALCONET_ERROR_ROOM && given >= 8 && fields[0].res_len == 0);
	IS(ERROR_ROOM, falconet_result_u64(&call, 1));
	OK(falconet_extraction_next(&call));
	OK(falconet_result_u64(&call, 4));
	IS(NONE, falconet_extraction_next(&call));
	CHECK(fields[0].res_len == 0 && fields[1].res_len == 1 && fields[1].res.u64[0] == 4);
	ask(1, 0, false);
	fields[0].ftype = FTYPE_STRING;
	OK(falconet_extraction_begin(results, &event, &input, &call));
	IS(ERROR_ROOM, falconet_result_string(&call, text, sizeof text));
	CHECK(fields[0].res_len == 0);
	OK(falconet_result_string(&call, text, 90));
	CHECK(strlen(fields[0].res.str[0]) == 90);
	/* More fields than there are offsets: none. */
	ask(80, 0, true);
	OK(falconet_extraction_begin(results, &event, &input, &call));
	CHECK(offsets.start == NULL && fields[79].res_len == 0);
}

static void texts_of_events(void)
{
	ss_plugin_event_input none = { NULL, 1, NULL };
	falconet_event read;
	const char *text = NULL;
	make_event("the word", 9);
	OK(falconet_input_text(&event, 4, &text));
	CHECK(text == (const char *)event_memory + 1 + 38 + 4 && !strcmp(text, "word"));
	OK(falconet_event_of_input(&event, &read));
	text = NULL;
	OK(falconet_event_text(&read, 8, &text));
	CHECK(text && !*text);
	text = NULL;
	IS(ERROR_TEXT, falconet_input_text(&event, 9, &text));
	IS(ERROR_TEXT, falconet_event_text(&read, SIZE_MAX, &text));
	IS(ERROR_NULL, falconet_input_text(NULL, 0, &text));
	IS(ERROR_NULL, falconet_input_text(&none, 0, &text));
	IS(ERROR_NULL, falconet_input_text(&event, 0, NULL));
	IS(ERROR_NULL, falconet_event_text(&read, 0, NULL));
	make_event("no NUL", 6);
	IS(ERROR_TEXT, falconet_input_text(&event, 0, &text));
	memset(&read, 0, sizeof read);
	IS(ERROR_EVENT, falconet_event_text(&read, 0, &text));
	CHECK(!text && falconet_input_number(&event) == 5 && !strcmp(falconet_input_source(&event), "demo"));
}

static void refused(falconet_results *results)
{
	falconet_extraction call;
	ss_plugin_event_input none = { NULL, 1, NULL };
	static uint8_t copy[FALCONET_RESULTS_SIZE + 1];
	ask(3, 0, false);
	memset(&call, 0x5A, sizeof call);
	IS(ERROR_NULL, falconet_extraction_begin(NULL, &event, &input, &call));
	CHECK(fields[0].res_len == 0 && fields[2].res_len == 0);
	ask(3, 0, false);
	IS(ERROR_NULL, falconet_extraction_begin(results, NULL, &input, &call));
	CHECK(fields[0].res_len == 0 && fields[2].res_len == 0);
	ask(3, 0, false);
	IS(ERROR_NULL, falconet_extraction_begin(results, &none, &input, &call));
	CHECK(fields[2].res_len == 0);
	IS(ERROR_NULL, falconet_extraction_begin(results, &event, NULL, &call));
	IS(ERROR_NULL, falconet_extraction_begin(results, &event, &input, NULL));
	input.fields = NULL;
	IS(ERROR_NULL, falconet_extraction_begin(results, &event, &input, &call));
	input.num_fields = 0;
	IS(NONE, falconet_extraction_begin(results, &event, &input, &call));
	ask(1, 0, false);
	event_memory[1 + 16] = 30; /* the header's length */
	IS(ERROR_EVENT, falconet_extraction_begin(results, &event, &input, &call));
	make_event("the word", 9);
	memcpy(copy, memory, sizeof copy);
	IS(ERROR_RESULTS, falconet_extraction_begin((falconet_results *)(void *)(copy + ((uint8_t *)results - memory)), &event, &input, &call));
	IS(ERROR_ALIGNMENT, falconet_extraction_begin((falconet_results *)(void *)((uint8_t *)results + 1), &event, &input, &call));
	CHECK(call.id == 0x5A5A5A5A);
	IS(ERROR_NULL, falconet_extraction_next(NULL));
	IS(ERROR_NULL, falconet_result_u64(NULL, 1));
	OK(falconet_extraction_begin(results, &event, &input, &call));
	IS(ERROR_FIELD_TYPE, falconet_result_ipaddr(&call, event_memory, 4));
	IS(ERROR_ARGUMENT, falconet_result_ipaddr(&call, event_memory, 5));
	IS(ERROR_SIZE, falconet_results_init(memory, FALCONET_RESULTS_LEAST - 1, false, &results));
	IS(ERROR_NULL, falconet_results_init(NULL, sizeof memory, false, &results));
	IS(ERROR_NULL, falconet_results_init(memory, sizeof memory, false, NULL));
}

int main(void)
{
	falconet_results *results;
	OK(falconet_results_init(memory + 1, sizeof memory - 1, true, &results));
	for (int with_offsets = 0; with_offsets < 2; with_offsets++) {
		make_event("the word", 9);
		every_type(results, 1, with_offsets);
		every_type(results, 5, with_offsets);
	}
	texts_and_offsets(results);
	texts_of_events();
	make_event("the word", 9);
	no_room();
	refused(results);
	printf("checks=%d failures=%d\n", checks, failures);
	return failures ? 1 : 0;
}
