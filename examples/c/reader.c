/* SPDX-License-Identifier: Apache-2.0 */
/* Loads any plugin that sources events, drains it, and prints every payload through a read-only view.
 *
 * usage: reader PLUGIN.so [INIT-CONFIG [OPEN-PARAMS]] */
#include <dlfcn.h>
#include <falconet.h>
#include <inttypes.h>
#include <stdio.h>

/* What the host gives at init: falconet.h declares it only. No state tables: they are NULL. */
struct ss_plugin_init_input {
	const char *config;
	void *owner;
	const char *(*get_owner_last_error)(void *owner);
	const void *tables;
	void (*log)(void *owner, const char *component, const char *text, uint32_t severity);
};

static struct {
	const char *(*get_name)(void);
	const char *(*get_last_error)(void *state);
	void *(*init)(const struct ss_plugin_init_input *input, int32_t *rc);
	void (*destroy)(void *state);
	void *(*open)(void *state, const char *params, int32_t *rc);
	void (*close)(void *state, void *instance);
	int32_t (*next_batch)(void *state, void *instance, uint32_t *count, struct ss_plugin_event ***events);
} plugin;

static bool load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct { const char *name; void *to; } symbols[] = {
		{ "plugin_get_name", &plugin.get_name },
		{ "plugin_get_last_error", &plugin.get_last_error },
		{ "plugin_init", &plugin.init },
		{ "plugin_destroy", &plugin.destroy },
		{ "plugin_open", &plugin.open },
		{ "plugin_close", &plugin.close },
		{ "plugin_next_batch", &plugin.next_batch },
	};
	if (!library) {
		fprintf(stderr, "reader: %s\n", dlerror());
		return false;
	}
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
		if (!(*(void **)symbols[i].to = dlsym(library, symbols[i].name))) {
			fprintf(stderr, "reader: %s has no %s: it sources no events\n", path, symbols[i].name);
			return false;
		}
	return true;
}

static const char *no_error(void *owner)
{
	(void)owner;
	return "";
}

static void log_line(void *owner, const char *component, const char *text, uint32_t severity)
{
	(void)owner;
	fprintf(stderr, "log %" PRIu32 ": %s%s%s\n", severity, component ? component : "", component ? ": " : "", text);
}

/* Prints what a view has left, byte by byte; zeros at its end are left out. */
static falconet_code print(falconet_view *view)
{
	uint8_t piece[256];
	size_t count, zeros = 0;
	falconet_code code;
	while ((code = falconet_view_read(view, piece, sizeof piece, &count)) == FALCONET_OK && count > 0)
		for (size_t i = 0; i < count; i++) {
			if (piece[i] == 0) {
				zeros++;
				continue;
			}
			for (; zeros > 0; zeros--)
				printf("\\0");
			if (piece[i] >= ' ' && piece[i] <= '~' && piece[i] != '\\')
				putchar(piece[i]);
			else
				printf("\\x%02x", piece[i]);
		}
	putchar('\n');
	return code;
}

static falconet_code print_event(uint64_t number, const struct ss_plugin_event *host)
{
	falconet_event event;
	falconet_view view;
	falconet_code code = falconet_event_read(host, &event);
	if (code)
		return code;
	printf("%" PRIu64 "\ttype %u\t", number, event.event_type);
	if (event.event_type == FALCONET_EVENT_PLUGIN)
		return (code = falconet_event_payload(&event, &view)) ? code : print(&view);
	for (uint32_t i = 0; (code = falconet_event_parameter(&event, i, &view)) == FALCONET_OK; i++) {
		printf(i ? "\t\t%" PRIu32 ": " : "%" PRIu32 ": ", i);
		if ((code = print(&view)))
			return code;
	}
	return code == FALCONET_NONE ? FALCONET_OK : code;
}

/* Drains an open instance; whether it came to its end. */
static bool drain(void *state, void *instance)
{
	uint64_t number = 0;
	for (;;) {
		struct ss_plugin_event **events = NULL;
		uint32_t count = 0;
		int32_t rc = plugin.next_batch(state, instance, &count, &events);
		for (uint32_t i = 0; i < count; i++) {
			falconet_code code = print_event(++number, events[i]);
			if (code) {
				fprintf(stderr, "reader: event %" PRIu64 ": %s\n", number, falconet_error_text(code));
				return false;
			}
		}
		if (rc == FALCONET_RC_EOF)
			return true;
		if (rc != FALCONET_RC_SUCCESS && rc != FALCONET_RC_TIMEOUT) {
			fprintf(stderr, "reader: %s: %s\n", plugin.get_name(), plugin.get_last_error(state));
			return false;
		}
	}
}

int main(int argc, char **argv)
{
	struct ss_plugin_init_input input = { argc > 2 ? argv[2] : "", NULL, no_error, NULL, log_line };
	int32_t rc = FALCONET_RC_FAILURE;
	void *state, *instance = NULL;
	bool done = false;
	if (argc < 2) {
		fprintf(stderr, "usage: reader PLUGIN.so [INIT-CONFIG [OPEN-PARAMS]]\n");
		return 2;
	}
	if (!load(argv[1]))
		return 1;
	state = plugin.init(&input, &rc);
	if (rc == FALCONET_RC_SUCCESS) {
		rc = FALCONET_RC_FAILURE;
		instance = plugin.open(state, argc > 3 ? argv[3] : "", &rc);
	}
	if (rc == FALCONET_RC_SUCCESS)
		done = drain(state, instance);
	else
		fprintf(stderr, "reader: %s: %s\n", plugin.get_name(), plugin.get_last_error(state));
	if (instance)
		plugin.close(state, instance);
	if (state)
		plugin.destroy(state);
	return done ? 0 : 1;
}
