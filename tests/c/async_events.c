/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that injects one async event of the present time as soon as it gets a handler. It reads as rule 3.4 says. */
#include <plugin/plugin_api.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char NAME[] = "ping";
static const char DATA[] = "pong";

const char *plugin_get_required_api_version(void) { return "3.5.0"; }
const char *plugin_get_version(void) { return "0.1.0"; }
const char *plugin_get_name(void) { return "async_events"; }
const char *plugin_get_description(void) { return "injects one async event"; }
const char *plugin_get_contact(void) { return "test"; }
const char *plugin_get_last_error(ss_plugin_t *state) { (void)state; return ""; }
const char *plugin_get_async_events(void) { return "[\"ping\"]"; }
const char *plugin_get_async_event_sources(void) { return "[]"; }

ss_plugin_t *plugin_init(const ss_plugin_init_input *input, ss_plugin_rc *rc)
{
	(void)input;
	*rc = SS_PLUGIN_SUCCESS;
	return malloc(1);
}

void plugin_destroy(ss_plugin_t *state) { free(state); }

ss_plugin_rc plugin_set_async_event_handler(ss_plugin_t *state, ss_plugin_owner_t *owner,
                                            const ss_plugin_async_event_handler_t handler)
{
	struct __attribute__((packed)) {
		uint64_t ts, tid;
		uint32_t len;
		uint16_t type;
		uint32_t nparams, id_len, name_len, data_len, id;
		char name[sizeof NAME], data[sizeof DATA];
	} event;
	struct timespec now;
	char err[PLUGIN_MAX_ERRLEN] = "";

	(void)state;
	if (!handler)
		return SS_PLUGIN_SUCCESS;
	clock_gettime(CLOCK_REALTIME, &now);
	event.ts = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	event.tid = UINT64_MAX;
	event.len = sizeof event;
	event.type = 402;
	event.nparams = 3;
	event.id_len = sizeof event.id;
	event.name_len = sizeof NAME;
	event.data_len = sizeof DATA;
	event.id = 0;
	memcpy(event.name, NAME, sizeof NAME);
	memcpy(event.data, DATA, sizeof DATA);
	return handler(owner, (const ss_plugin_event *)&event, err);
}
