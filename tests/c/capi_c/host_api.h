/* SPDX-License-Identifier: Apache-2.0 */
/* The host's structs that falconet.h only declares: from the official header where -DOFFICIAL says so, else as they are
 * there. The tests are run with both. */
#ifndef HOST_API_H
#define HOST_API_H

#ifdef OFFICIAL
#include <plugin/plugin_api.h>
#else
#include <stdint.h>

#pragma pack(push, 1)
struct ss_plugin_event { uint64_t ts, tid; uint32_t len; uint16_t type; uint32_t nparams; };
#pragma pack(pop)
typedef struct ss_plugin_event ss_plugin_event;

typedef struct ss_plugin_event_input {
	const ss_plugin_event *evt;
	uint64_t evtnum;
	const char *evtsrc;
} ss_plugin_event_input;

typedef struct ss_plugin_byte_buffer { uint32_t len; const void *ptr; } ss_plugin_byte_buffer;
typedef struct ss_plugin_extract_value_offsets { uint32_t *start, *length; } ss_plugin_extract_value_offsets;

typedef struct ss_plugin_extract_field {
	union { const char **str; uint64_t *u64; uint32_t *u32, *boolean; ss_plugin_byte_buffer *buf; } res;
	uint64_t res_len;
	uint32_t field_id;
	const char *field, *arg_key;
	uint64_t arg_index;
	uint32_t arg_present, ftype, flist;
} ss_plugin_extract_field;

typedef struct ss_plugin_field_extract_input {
	void *owner;
	const char *(*get_owner_last_error)(void *);
	uint32_t num_fields;
	ss_plugin_extract_field *fields;
	void *table_reader[4], *table_reader_ext;
	ss_plugin_extract_value_offsets *value_offsets;
} ss_plugin_field_extract_input;

typedef struct ss_plugin_init_input {
	const char *config;
	void *owner;
	const char *(*get_owner_last_error)(void *);
	const void *tables;
	void (*log_fn)(void *, const char *, const char *, uint32_t);
} ss_plugin_init_input;

typedef struct ss_plugin_set_config_input { const char *config; } ss_plugin_set_config_input;
#endif

#endif
