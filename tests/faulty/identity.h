/* SPDX-License-Identifier: Apache-2.0 */
/* What the library of source.c says of itself. */

#ifndef FAULT_SYMBOLS_MISSING
const char *plugin_get_contact(void) { return "test"; }
#endif
#ifdef FAULT_API_VERSION
#define API "3.99.0"
#elif defined(FAULT_API_VERSION__NO_VERSION)
#define API "three"
#elif defined(FAULT_CLAIM_TOO_LOW)
#define API "3.10.0"
#elif defined(FAULT_CLAIM_TOO_HIGH)
#define API "3.12.0"
#elif defined(FAULT_CLAIM_TOO_LOW__LOG)
#define API "3.2.0"
#elif defined(FAULT_CLAIM_TOO_LOW__METRICS)
#define API "3.5.0"
#else
#define API "3.11.0"
#endif
const char *plugin_get_required_api_version(void) { return API; }
#ifdef FAULT_IDENTITY_TEXTS
const char *plugin_get_name(void) { return ""; }
#else
const char *plugin_get_name(void) { return "faulty"; }
#endif
const char *plugin_get_description(void) { return "breaks one rule"; }
#ifdef FAULT_IDENTITY_TEXTS__VERSION
const char *plugin_get_version(void) { return "new"; }
#else
const char *plugin_get_version(void) { return "0.1.0"; }
#endif
#ifdef FAULT_ID_AND_SOURCE
uint32_t plugin_get_id(void) { return 0; }
#else
uint32_t plugin_get_id(void) { return 999; }
#endif
#ifdef FAULT_EVENT_SOURCE_NULL
const char *plugin_get_event_source(void) { return NULL; }
#elif defined(FAULT_EVENT_SOURCE_RESERVED)
const char *plugin_get_event_source(void) { return "syscall"; }
#else
const char *plugin_get_event_source(void) { return "faulty"; }
#endif
#ifdef FAULT_INIT_SCHEMA
const char *plugin_get_init_schema(uint32_t *type) { *type = 1; return "no JSON"; }
#elif defined(FAULT_INIT_SCHEMA__NO_SCHEMA)
const char *plugin_get_init_schema(uint32_t *type) { *type = 1; return "{\"type\":7}"; }
#endif
#ifdef FAULT_ORPHAN_SYMBOL
int32_t plugin_capture_close(void *state, const void *in) { (void)state; (void)in; return OK; }
#endif
#ifdef FAULT_LISTS_JSON
const char *plugin_get_extract_event_sources(void) { return "{}"; }
#else
const char *plugin_get_extract_event_sources(void)
{
#if defined(FAULT_TYPES_NOT_EXPORTED) || defined(FAULT_TYPES_NOT_EXPORTED__NONE)
	return "[\"faulty\",\"syscall\"]";
#else
	return "[\"faulty\"]";
#endif
}
#endif
#ifdef FAULT_NOT_LOADABLE
void there_is_no_such_function(void);
void uses_it(void) { there_is_no_such_function(); }
#endif
#ifdef FAULT_CLAIM_TOO_LOW__METRICS
struct metric *plugin_get_metrics(void *state, uint32_t *n) { (void)state; *n = 0; return NULL; }
#endif

#define FIELD(TYPE, NAME, MORE) "{\"type\":\"" TYPE "\",\"name\":\"f." NAME "\",\"desc\":\"d\"" MORE "}"
const char *plugin_get_fields(void)
{
#ifdef FAULT_FIELDS_JSON
	return "[]";
#elif defined(FAULT_FIELDS_JSON__NULL)
	return NULL;
#elif defined(FAULT_FIELD_ENTRY)
	return "[" FIELD("uint32", "num", "") "]";
#else
	return "[" FIELD("uint64", "num", "") "," FIELD("string", "text", "") "," FIELD("string", "copy", "") ","
	       FIELD("bool", "even", "") "," FIELD("ipaddr", "ip", "") "," FIELD("string", "list", ",\"isList\":true") ","
	       FIELD("string", "arg", ",\"arg\":{\"isIndex\":true}") "," FIELD("uint64", "calls", "") ","
	       FIELD("uint64", "never", "") "]";
#endif
}
#ifdef FAULT_TYPES_NOT_EXPORTED__NONE
uint16_t *plugin_get_extract_event_types(uint32_t *n, void *state) { (void)state; *n = 0; return NULL; }
#elif !defined(FAULT_TYPES_NOT_EXPORTED)
uint16_t *plugin_get_extract_event_types(uint32_t *n, void *state)
{
	static uint16_t types[] = { 322, 2 };
	(void)state;
#ifdef FAULT_EVENT_SCHEMA
	*n = 2;
#else
	*n = 1;
#endif
	return types;
}
#endif

