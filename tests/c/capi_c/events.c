/* SPDX-License-Identifier: Apache-2.0 */
/* Events, read and written; the host's own structs, the log, and the last error. */
#include "check.h"
#include "host_api.h"

/* A view of so many new bytes. */
static falconet_write_view room(size_t size)
{
	falconet_write_view view;
	uint8_t *memory = malloc(size);
	CHECK(memory);
	DONE(falconet_write_view_new(memory, size, &view));
	return view;
}

static void plugin_events(void)
{
	falconet_write_view view = room(256);
	uint32_t id = 7, none = 99;
	falconet_bytes parameters[] = { { &id, 4 }, { "ab\0text", 8 } };
	falconet_event event, before, nothing = { 0 };
	falconet_view payload = { NULL, 1, 1, 1 };
	const char *text = NULL;

	DONE(falconet_event_write_raw(&view, 5, 6, FALCONET_EVENT_PLUGIN, parameters, 2));
	const size_t size = view.len;
	CHECK(size == FALCONET_PAYLOAD_OFFSET + 8);
	/* Exactly so many bytes, so that one read too many is seen. */
	uint8_t *bytes = malloc(size);
	CHECK(bytes);
	memcpy(bytes, view.ptr, size);
	free(view.ptr);
	DONE(falconet_event_parse(bytes, size, &event));
	before = event;
	IS(falconet_event_parse(NULL, size, &event), FALCONET_ERROR_NULL);
	IS(falconet_event_parse(bytes, size, NULL), FALCONET_ERROR_NULL);
	IS(falconet_event_parse(bytes, SIZE_MAX, &event), FALCONET_ERROR_SIZE);
	IS(falconet_event_parse(bytes, size, BESIDE(falconet_event, &nothing)), FALCONET_ERROR_ALIGNMENT);
	for (size_t less = 0; less < size; less++) {
		uint8_t *part = malloc(less + 1);
		CHECK(part);
		memcpy(part, bytes, less);
		IS(falconet_event_parse(part, less, &event), FALCONET_ERROR_EVENT);
		free(part);
	}
	CHECK(event.bytes == before.bytes && event.payload == before.payload && event.ts == before.ts);
	CHECK(event.bytes == bytes && event.len == size && event.payload_len == 8 && event.ts == 5 && event.tid == 6);
	CHECK(event.nparams == 2 && event.event_type == FALCONET_EVENT_PLUGIN);
	/* Any byte may be wrong: an answer, or an error, and no access beyond. */
	for (size_t at = 0; at < size; at++)
		for (int bit = 0; bit < 8; bit++) {
			falconet_event other;
			bytes[at] ^= (uint8_t)(1 << bit);
			if (falconet_event_parse(bytes, size, &other) == FALCONET_OK)
				for (uint32_t i = 0; i < 300; i++)
					if (falconet_event_parameter(&other, i, &payload) == FALCONET_OK)
						CHECK(payload.ptr >= bytes && payload.ptr + payload.len <= bytes + size);
			bytes[at] ^= (uint8_t)(1 << bit);
		}

	DONE(falconet_event_payload(&event, &payload));
	CHECK(payload.ptr == event.payload && payload.len == 8 && payload.offset == 0);
	IS(falconet_event_payload(&event, NULL), FALCONET_ERROR_NULL);
	IS(falconet_event_payload(NULL, &payload), FALCONET_ERROR_NULL);
	IS(falconet_event_payload(&nothing, &payload), FALCONET_ERROR_EVENT);
	IS(falconet_event_payload(BESIDE(falconet_event, &nothing), &payload), FALCONET_ERROR_ALIGNMENT);
	DONE(falconet_event_text(&event, 3, &text));
	CHECK(strcmp(text, "text") == 0 && text == (const char *)event.payload + 3);
	text = NULL;
	IS(falconet_event_text(&event, 8, &text), FALCONET_ERROR_TEXT);
	IS(falconet_event_text(&event, SIZE_MAX, &text), FALCONET_ERROR_TEXT);
	IS(falconet_event_text(&event, 0, NULL), FALCONET_ERROR_NULL);
	IS(falconet_event_text(NULL, 0, &text), FALCONET_ERROR_NULL);
	IS(falconet_event_text(&nothing, 0, &text), FALCONET_ERROR_EVENT);
	bytes[size - 1] = 'x';
	IS(falconet_event_text(&event, 3, &text), FALCONET_ERROR_TEXT);
	CHECK(!text);
	DONE(falconet_event_plugin_id(&event, &id));
	CHECK(id == 7);
	IS(falconet_event_plugin_id(&event, NULL), FALCONET_ERROR_NULL);
	IS(falconet_event_plugin_id(&nothing, &none), FALCONET_ERROR_EVENT);
	DONE(falconet_event_parameter(&event, 1, &payload));
	CHECK(payload.len == 8);
	IS(falconet_event_parameter(&event, 2, &payload), FALCONET_NONE);
	IS(falconet_event_parameter(&event, UINT32_MAX, &payload), FALCONET_NONE);
	IS(falconet_event_parameter(&nothing, 0, &payload), FALCONET_ERROR_EVENT);
	IS(falconet_event_parameter(NULL, 0, &payload), FALCONET_ERROR_NULL);
	IS(falconet_event_parameter(&event, 0, NULL), FALCONET_ERROR_NULL);
	IS(falconet_event_async(&event, &none, NULL, NULL), FALCONET_ERROR_EVENT_TYPE);
	CHECK(none == 99);

	/* As the host hands it over. */
	ss_plugin_event_input input = { (const ss_plugin_event *)(const void *)bytes, 42, "demo" };
	DONE(falconet_event_read(input.evt, &event));
	DONE(falconet_event_of_input(&input, &event));
	bytes[size - 1] = '\0';
	DONE(falconet_input_text(&input, 3, &text));
	CHECK(text == (const char *)event.payload + 3);
	text = NULL;
	bytes[size - 1] = 'x';
	IS(falconet_input_text(&input, 3, &text), FALCONET_ERROR_TEXT);
	IS(falconet_input_text(&input, SIZE_MAX, &text), FALCONET_ERROR_TEXT);
	IS(falconet_input_text(NULL, 3, &text), FALCONET_ERROR_NULL);
	IS(falconet_input_text(&input, 3, NULL), FALCONET_ERROR_NULL);
	CHECK(event.bytes == bytes && falconet_input_number(&input) == 42 && strcmp(falconet_input_source(&input), "demo") == 0);
	IS(falconet_event_read(NULL, &event), FALCONET_ERROR_NULL);
	IS(falconet_event_read(input.evt, NULL), FALCONET_ERROR_NULL);
	IS(falconet_event_of_input(NULL, &event), FALCONET_ERROR_NULL);
	IS(falconet_event_of_input(&input, NULL), FALCONET_ERROR_NULL);
	input = (ss_plugin_event_input){ NULL, 0, NULL };
	IS(falconet_event_of_input(&input, &event), FALCONET_ERROR_NULL);
	CHECK(falconet_input_number(NULL) == 0 && !*falconet_input_source(NULL) && !*falconet_input_source(&input));
	memset(bytes + 16, 0, 4); /* its length */
	input.evt = (const ss_plugin_event *)(const void *)bytes;
	IS(falconet_event_of_input(&input, &event), FALCONET_ERROR_EVENT);
	IS(falconet_input_text(&input, 3, &text), FALCONET_ERROR_EVENT);
	CHECK(!text);
	IS(falconet_event_read((const struct ss_plugin_event *)(const void *)bytes, &event), FALCONET_ERROR_EVENT);
	free(bytes);

	/* A plugin event of one parameter is none. */
	view = room(64);
	DONE(falconet_event_write_raw(&view, 5, UINT64_MAX, FALCONET_EVENT_PLUGIN, parameters, 1));
	if (falconet_event_parse(view.ptr, view.len, &event) == FALCONET_OK) {
		IS(falconet_event_payload(&event, &payload), FALCONET_ERROR_EVENT);
		IS(falconet_event_plugin_id(&event, &none), FALCONET_ERROR_EVENT);
	}
	free(view.ptr);
}

static void async_events(void)
{
	falconet_write_view view = room(64), closed = { 0 };
	falconet_event event;
	falconet_view data;
	const char *name = NULL;
	uint32_t id = 9;

	IS(falconet_event_write_async(&view, 5, 3, NULL, NULL, 0), FALCONET_ERROR_NULL);
	IS(falconet_event_write_async(&view, 5, 3, "name", NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_event_write_async(&view, 5, 3, "name", "d", SIZE_MAX), FALCONET_ERROR_SIZE);
	IS(falconet_event_write_async(NULL, 5, 3, "name", "data", 4), FALCONET_ERROR_NULL);
	IS(falconet_event_write_async(&closed, 5, 3, "name", "data", 4), FALCONET_ERROR_VIEW);
	IS(falconet_event_write_async(&view, 5, 3, "name", view.ptr, 64), FALCONET_ERROR_OVERLAP);
	view.ptr[63] = '\0';
	IS(falconet_event_write_async(&view, 5, 3, (const char *)view.ptr + 63, "data", 4), FALCONET_ERROR_OVERLAP);
	CHECK(view.len == 0);
	DONE(falconet_event_write_async(&view, 5, 3, "name", "data", 4));
	IS(falconet_event_write_async(&view, 5, 3, "name", "data", 4), FALCONET_ERROR_ROOM);
	DONE(falconet_event_parse(view.ptr, view.len, &event));
	CHECK(event.event_type == FALCONET_EVENT_ASYNC && event.nparams == 3 && event.payload_len == 0);
	IS(falconet_event_async(&event, &id, &name, BESIDE(falconet_view, &data)), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_event_async(&event, BESIDE(uint32_t, &data), &name, &data), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_event_async(&event, &id, BESIDE(const char *, &data), &data), FALCONET_ERROR_ALIGNMENT);
	CHECK(id == 9 && !name);
	DONE(falconet_event_async(&event, &id, &name, &data));
	CHECK(id == 3 && strcmp(name, "name") == 0 && data.len == 4 && memcmp(data.ptr, "data", 4) == 0);
	DONE(falconet_event_async(&event, NULL, NULL, NULL));
	IS(falconet_event_async(NULL, &id, &name, &data), FALCONET_ERROR_NULL);
	IS(falconet_event_payload(&event, &data), FALCONET_ERROR_EVENT_TYPE);
	IS(falconet_event_plugin_id(&event, &id), FALCONET_ERROR_EVENT_TYPE);
	IS(falconet_event_text(&event, 0, &name), FALCONET_ERROR_TEXT);
	free(view.ptr);

	view = room(64);
	DONE(falconet_event_write_raw(&view, 5, UINT64_MAX, FALCONET_EVENT_ASYNC, NULL, 0));
	DONE(falconet_event_parse(view.ptr, view.len, &event));
	IS(falconet_event_async(&event, &id, &name, &data), FALCONET_ERROR_EVENT);
	free(view.ptr);
}

static void raw_events(void)
{
	falconet_write_view view = room(128), closed = { 0 };
	uint8_t *large = malloc(70000);
	falconet_event event;
	falconet_bytes parameters[FALCONET_RAW_PARAMETERS + 1] = { { "a", 1 }, { NULL, 0 }, { "ccc", 3 } };
	falconet_bytes missing = { NULL, 1 }, huge = { "a", SIZE_MAX }, long_one = { large, 70000 }, inside = { view.ptr + 30, 4 };
	CHECK(large);
	memset(large, 0, 70000);
	memset(view.ptr, 0, 128);
	IS(falconet_event_write_raw(&view, 1, 1, 9, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_event_write_raw(NULL, 1, 1, 9, parameters, 1), FALCONET_ERROR_NULL);
	IS(falconet_event_write_raw(&view, 1, 1, 9, &missing, 1), FALCONET_ERROR_NULL);
	IS(falconet_event_write_raw(&view, 1, 1, 9, &huge, 1), FALCONET_ERROR_SIZE);
	IS(falconet_event_write_raw(&view, 1, 1, 9, &long_one, 1), FALCONET_ERROR_ROOM);
	IS(falconet_event_write_raw(&view, 1, 1, 9, &inside, 1), FALCONET_ERROR_OVERLAP);
	IS(falconet_event_write_raw(&view, 1, 1, 9, BESIDE(falconet_bytes, parameters), 1), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_event_write_raw(&view, 1, 1, 9, parameters, FALCONET_RAW_PARAMETERS + 1), FALCONET_ERROR_ARGUMENT);
	IS(falconet_event_write_raw(&closed, 1, 1, 9, parameters, 3), FALCONET_ERROR_VIEW);
	CHECK(view.len == 0);
	DONE(falconet_event_write_raw(&view, 1, 1, 9, parameters, 3));
	DONE(falconet_event_parse(view.ptr, view.len, &event));
	CHECK(event.nparams == 3 && event.len == view.len);
	IS(falconet_event_write_raw(&view, 1, 1, 9, parameters, FALCONET_RAW_PARAMETERS), FALCONET_ERROR_ROOM);
	free(view.ptr);
	free(large);
}

void test_events(void)
{
	plugin_events();
	async_events();
	raw_events();
}

static const char *owner_error(void *owner)
{
	return owner;
}

/* The last line that was logged. */
static struct { void *owner; char text[64]; uint32_t severity; } line;

static void log_line(void *owner, const char *component, const char *text, uint32_t severity)
{
	CHECK(!component);
	line.owner = owner;
	line.severity = severity;
	strcpy(line.text, text);
}

void test_host(void)
{
	char owner[] = "owner's error";
	ss_plugin_init_input input = { "config", owner, owner_error, NULL, NULL }, empty = { 0 };
	ss_plugin_set_config_input set = { "new" }, unset = { NULL };
	falconet_log log = { NULL, NULL };

	CHECK(strcmp(falconet_init_config(&input), "config") == 0 && !*falconet_init_config(&empty) && !*falconet_init_config(NULL));
	CHECK(falconet_init_owner(&input) == owner && !falconet_init_owner(&empty) && !falconet_init_owner(NULL));
	CHECK(strcmp(falconet_init_owner_error(&input), owner) == 0);
	CHECK(!*falconet_init_owner_error(&empty) && !*falconet_init_owner_error(NULL));
	input.owner = NULL;
	CHECK(!*falconet_init_owner_error(&input));
	input.owner = owner;
	CHECK(strcmp(falconet_set_config_config(&set), "new") == 0);
	CHECK(!*falconet_set_config_config(&unset) && !*falconet_set_config_config(NULL));

	DONE(falconet_log_write(&log, FALCONET_LOG_INFO, "nobody hears it"));
	DONE(falconet_init_log(&empty, &log));
	DONE(falconet_log_write(&log, FALCONET_LOG_INFO, "nobody hears it"));
	CHECK(!line.severity);
	log = (falconet_log){ owner, log_line };
	IS(falconet_init_log(NULL, &log), FALCONET_ERROR_NULL);
	IS(falconet_init_log(&empty, NULL), FALCONET_ERROR_NULL);
	CHECK(log.owner == owner);
	for (uint32_t severity = FALCONET_LOG_FATAL; severity <= FALCONET_LOG_TRACE; severity++) {
		DONE(falconet_log_write(&log, severity, "a line"));
		CHECK(line.severity == severity && line.owner == owner && strcmp(line.text, "a line") == 0);
	}
	line.severity = 0;
	IS(falconet_log_write(&log, 0, "a line"), FALCONET_ERROR_ARGUMENT);
	IS(falconet_log_write(&log, FALCONET_LOG_TRACE + 1, "a line"), FALCONET_ERROR_ARGUMENT);
	IS(falconet_log_write(&log, FALCONET_LOG_INFO, NULL), FALCONET_ERROR_NULL);
	IS(falconet_log_write(NULL, FALCONET_LOG_INFO, "a line"), FALCONET_ERROR_NULL);
	IS(falconet_log_write(BESIDE(falconet_log, &log), FALCONET_LOG_INFO, "a line"), FALCONET_ERROR_ALIGNMENT);
	CHECK(!line.severity);
}

#define TEXT_IS(text) CHECK(strcmp(falconet_last_error_get(error), (text)) == 0)

void test_last_error(void)
{
	falconet_last_error *error = calloc(1, sizeof *error), *beside = BESIDE(falconet_last_error, error);
	char long_text[3000];
	CHECK(error);
	TEXT_IS("");
	CHECK(!*falconet_last_error_get(NULL) && !*falconet_last_error_get(beside));
	DONE(falconet_last_error_set(error, "first"));
	TEXT_IS("first");
	IS(falconet_last_error_set(error, NULL), FALCONET_ERROR_NULL);
	IS(falconet_last_error_set(NULL, "a"), FALCONET_ERROR_NULL);
	IS(falconet_last_error_set(beside, "a"), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_last_error_set_code(NULL, FALCONET_ERROR_NULL), FALCONET_ERROR_NULL);
	IS(falconet_last_error_set_code(beside, FALCONET_ERROR_NULL), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_last_error_add(error, NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_last_error_add(NULL, "a", 1), FALCONET_ERROR_NULL);
	IS(falconet_last_error_add(beside, "a", 1), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_last_error_add(error, "a", SIZE_MAX), FALCONET_ERROR_SIZE);
	IS(falconet_last_error_add_text(error, NULL), FALCONET_ERROR_NULL);
	IS(falconet_last_error_add_text(NULL, "a"), FALCONET_ERROR_NULL);
	IS(falconet_last_error_add_text(beside, "a"), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_last_error_add_number(NULL, 1), FALCONET_ERROR_NULL);
	IS(falconet_last_error_add_number(beside, 1), FALCONET_ERROR_ALIGNMENT);
	IS(falconet_last_error_clear(NULL), FALCONET_ERROR_NULL);
	IS(falconet_last_error_clear(beside), FALCONET_ERROR_ALIGNMENT);
	/* Its own text. */
	IS(falconet_last_error_set(error, falconet_last_error_get(error)), FALCONET_ERROR_OVERLAP);
	IS(falconet_last_error_add_text(error, falconet_last_error_get(error)), FALCONET_ERROR_OVERLAP);
	IS(falconet_last_error_add(error, falconet_last_error_get(error), 2), FALCONET_ERROR_OVERLAP);
	TEXT_IS("first");
	DONE(falconet_last_error_add_text(error, ", second "));
	DONE(falconet_last_error_add_number(error, UINT64_MAX));
	DONE(falconet_last_error_add(error, " a\0b", 4));
	DONE(falconet_last_error_add(error, NULL, 0));
	TEXT_IS("first, second 18446744073709551615 a?b");
	DONE(falconet_last_error_set_code(error, FALCONET_ERROR_LENT));
	TEXT_IS(falconet_error_text(FALCONET_ERROR_LENT));
	memset(long_text, 'l', sizeof long_text);
	long_text[sizeof long_text - 1] = '\0';
	DONE(falconet_last_error_set(error, long_text));
	DONE(falconet_last_error_add_number(error, 1));
	CHECK(strlen(falconet_last_error_get(error)) == 1023);
	/* A character that does not fit is left out whole. */
	memset(long_text, 'l', 1022);
	strcpy(long_text + 1022, "\xC3\xA4");
	DONE(falconet_last_error_set(error, long_text));
	CHECK(strlen(falconet_last_error_get(error)) == 1022);
	DONE(falconet_last_error_clear(error));
	TEXT_IS("");
	/* Memory that was never made: some text, and no access beyond it. */
	memset(error, 0xFF, sizeof *error);
	CHECK(strlen(falconet_last_error_get(error)) < sizeof *error);
	IS(falconet_last_error_add_text(error, "a"), FALCONET_OK);
	DONE(falconet_last_error_set(error, "again"));
	TEXT_IS("again");
	free(error);
}
