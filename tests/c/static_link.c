/* SPDX-License-Identifier: Apache-2.0 */
/* A host that links two plugins statically: it runs both through a full life, one beside the other.
 *
 * OFFICIAL: the structs are those of the official header. Otherwise they are declared here, as a host of another
 * language would have to, from what the header says. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef OFFICIAL
#include <plugin/plugin_api.h>
#else
#include <stdbool.h>
typedef void ss_plugin_t, ss_instance_t, ss_plugin_owner_t;
typedef int32_t ss_plugin_rc;
enum { SS_PLUGIN_SUCCESS = 0, SS_PLUGIN_FAILURE = 1, SS_PLUGIN_EOF = 2 };

typedef struct ss_plugin_event {
	uint64_t ts, tid;
	uint32_t len;
	uint16_t type;
	uint32_t nparams;
} __attribute__((packed)) ss_plugin_event;

typedef struct ss_plugin_event_input {
	const ss_plugin_event *evt;
	uint64_t evtnum;
	const char *evtsrc;
} ss_plugin_event_input;

typedef struct ss_plugin_init_input {
	const char *config;
	ss_plugin_owner_t *owner;
	const char *(*get_owner_last_error)(ss_plugin_owner_t *);
	const void *tables;
	void (*log_fn)(ss_plugin_owner_t *, const char *, const char *, int32_t);
} ss_plugin_init_input;

typedef struct ss_plugin_extract_field {
	union {
		const char **str;
		uint64_t *u64;
	} res;
	uint64_t res_len;
	uint32_t field_id;
	const char *field;
	const char *arg_key;
	uint64_t arg_index;
	uint32_t arg_present, ftype, flist;
} ss_plugin_extract_field;

typedef struct ss_plugin_field_extract_input {
	ss_plugin_owner_t *owner;
	const char *(*get_owner_last_error)(ss_plugin_owner_t *);
	uint32_t num_fields;
	ss_plugin_extract_field *fields;
	void (*table_reader[4])(void);
	void *table_reader_ext;
	void *value_offsets;
} ss_plugin_field_extract_input;

typedef struct ss_plugin_event_parse_input {
	ss_plugin_owner_t *owner;
	const char *(*get_owner_last_error)(ss_plugin_owner_t *);
	void (*table_reader[4])(void);
	void (*table_writer[6])(void);
	void *table_reader_ext, *table_writer_ext;
} ss_plugin_event_parse_input;

typedef struct plugin_api {
	const char *(*get_required_api_version)(void);
	const char *(*get_init_schema)(int32_t *);
	ss_plugin_t *(*init)(const ss_plugin_init_input *, ss_plugin_rc *);
	void (*destroy)(ss_plugin_t *);
	const char *(*get_last_error)(ss_plugin_t *);
	const char *(*get_name)(void);
	const char *(*get_description)(void);
	const char *(*get_contact)(void);
	const char *(*get_version)(void);
	uint32_t (*get_id)(void);
	const char *(*get_event_source)(void);
	ss_instance_t *(*open)(ss_plugin_t *, const char *, ss_plugin_rc *);
	void (*close)(ss_plugin_t *, ss_instance_t *);
	const char *(*list_open_params)(ss_plugin_t *, ss_plugin_rc *);
	const char *(*get_progress)(ss_plugin_t *, ss_instance_t *, uint32_t *);
	const char *(*event_to_string)(ss_plugin_t *, const ss_plugin_event_input *);
	ss_plugin_rc (*next_batch)(ss_plugin_t *, ss_instance_t *, uint32_t *, ss_plugin_event ***);
	uint16_t *(*get_extract_event_types)(uint32_t *, ss_plugin_t *);
	const char *(*get_extract_event_sources)(void);
	const char *(*get_fields)(void);
	ss_plugin_rc (*extract_fields)(ss_plugin_t *, const ss_plugin_event_input *, const ss_plugin_field_extract_input *);
	uint16_t *(*get_parse_event_types)(uint32_t *, ss_plugin_t *);
	const char *(*get_parse_event_sources)(void);
	ss_plugin_rc (*parse_event)(ss_plugin_t *, const ss_plugin_event_input *, const ss_plugin_event_parse_input *);
	const char *(*get_async_event_sources)(void);
	const char *(*get_async_events)(void);
	void (*set_async_event_handler)(void);
	void (*dump_state)(void);
	void (*set_config)(void);
	void (*get_metrics)(void);
	void (*capture_open)(void);
	void (*capture_close)(void);
	const char *(*get_required_event_schema_version)(ss_plugin_t *);
} plugin_api;
#endif

extern const plugin_api numbers_plugin;
extern const plugin_api sum_plugin;

#define CHECK(is)                                                             \
	do {                                                                  \
		if (!(is)) {                                                  \
			fprintf(stderr, "line %d: %s\n", __LINE__, #is);      \
			exit(1);                                              \
		}                                                             \
	} while (0)

static unsigned logged;

static void log_fn(ss_plugin_owner_t *owner, const char *component, const char *message,
#ifdef OFFICIAL
		   ss_plugin_log_severity severity
#else
		   int32_t severity
#endif
)
{
	CHECK(owner == &logged && component == NULL && severity == 6);
	CHECK(strcmp(message, "numbers begins") == 0);
	logged++;
}

static ss_plugin_t *init(const plugin_api *api, const char *config, ss_plugin_rc expected)
{
	ss_plugin_init_input in;
	memset(&in, 0, sizeof in);
	in.config = config;
	in.owner = (ss_plugin_owner_t *)&logged;
	in.log_fn = log_fn;
	ss_plugin_rc rc = (ss_plugin_rc)0x5a5a;
	ss_plugin_t *state = api->init(&in, &rc);
	CHECK(state != NULL && rc == expected);
	return state;
}

int main(void)
{
	CHECK(strcmp(numbers_plugin.get_name(), "numbers") == 0 && strcmp(sum_plugin.get_name(), "sum") == 0);
	CHECK(strcmp(numbers_plugin.get_required_api_version(), "3.10.0") == 0);
	CHECK(strcmp(sum_plugin.get_required_api_version(), "3.10.0") == 0);
	CHECK(numbers_plugin.get_id() == 999 && !numbers_plugin.parse_event && !numbers_plugin.get_metrics);
	CHECK(!sum_plugin.open && !sum_plugin.extract_fields && !sum_plugin.get_required_event_schema_version);

	ss_plugin_t *failed = init(&numbers_plugin, "many", SS_PLUGIN_FAILURE);
	CHECK(strcmp(numbers_plugin.get_last_error(failed), "the config is how many numbers, like 5") == 0);
	numbers_plugin.destroy(failed);

	ss_plugin_t *numbers = init(&numbers_plugin, "5", SS_PLUGIN_SUCCESS);
	ss_plugin_t *sum = init(&sum_plugin, "", SS_PLUGIN_SUCCESS);
	CHECK(logged == 1);

	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	ss_instance_t *instance = numbers_plugin.open(numbers, "", &rc);
	CHECK(instance != NULL && rc == SS_PLUGIN_SUCCESS);
	uint32_t nevts = 0;
	ss_plugin_event **evts = NULL;
	CHECK(numbers_plugin.next_batch(numbers, instance, &nevts, &evts) == SS_PLUGIN_EOF);
	uint64_t extracted = 0;
	for (uint32_t i = 0; i < nevts; i++) {
		ss_plugin_event_input event = {evts[i], i + 1, "numbers"};
		ss_plugin_event_parse_input parse;
		memset(&parse, 0xa5, sizeof parse);
		CHECK(sum_plugin.parse_event(sum, &event, &parse) == SS_PLUGIN_SUCCESS);
		ss_plugin_extract_field field;
		memset(&field, 0xa5, sizeof field);
		field.field_id = 0;
		field.field = "numbers.is";
		field.arg_present = 0;
		ss_plugin_field_extract_input extract;
		memset(&extract, 0xa5, sizeof extract);
		extract.num_fields = 1;
		extract.fields = &field;
		CHECK(numbers_plugin.extract_fields(numbers, &event, &extract) == SS_PLUGIN_SUCCESS);
		CHECK(field.res_len == 1 && evts[i]->ts == i + 1);
		extracted += field.res.u64[0];
	}
	/* What is no number makes the sum be told. */
	unsigned char none[40];
	memcpy(none, evts[0], 38);
	memcpy(none + 16, &(uint32_t){39}, 4);
	memcpy(none + 30, &(uint32_t){1}, 4);
	ss_plugin_event_input event = {(const ss_plugin_event *)none, 6, "numbers"};
	ss_plugin_event_parse_input parse;
	memset(&parse, 0xa5, sizeof parse);
	CHECK(sum_plugin.parse_event(sum, &event, &parse) == SS_PLUGIN_FAILURE);
	printf("events=%u extracted=%llu\n%s\n", nevts, (unsigned long long)extracted, sum_plugin.get_last_error(sum));

	numbers_plugin.close(numbers, instance);
	numbers_plugin.destroy(numbers);
	sum_plugin.destroy(sum);
	return 0;
}
