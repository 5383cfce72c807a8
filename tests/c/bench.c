/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a plugin and has it do one thing often, so that callgrind, a clock or a counter of allocations can look at it.
 * tests/tests/budgets runs it. It needs no header of Falco: the structs that it touches are declared here, and
 * `bench layout` prints them for a test that compares them with `falconet::abi`.
 *
 *   bench LIBRARY CONFIG PARAMS drain              every event up to the end, taken as a host takes them
 *   bench LIBRARY CONFIG PARAMS decades            the same, and CPU time of each decade of events from 10,000 on
 *   bench LIBRARY CONFIG PARAMS turns COUNT        COUNT instances, opened together, a batch of each in turn up to the end
 *   bench LIBRARY CONFIG PARAMS idle COUNT         up to the first call without events, then COUNT more of those
 *   bench LIBRARY CONFIG PARAMS fresh COUNT F...   COUNT extractions, each of an event that was not asked before
 *   bench LIBRARY CONFIG PARAMS again COUNT F...   COUNT extractions from one event under one number
 *   bench LIBRARY CONFIG PARAMS each F...          every event up to the end, each field of it in a call of its own
 *   bench LIBRARY CONFIG PARAMS text COUNT         COUNT texts of events
 *   bench LIBRARY CONFIG PARAMS tour F...          each call once and in every way that fails: for counting allocations
 *   bench LIBRARY CONFIG PARAMS steady F...        the same of the calls between an open and its close, and of parsing
 *
 * F is a field as `id:type`, numbers of the API; all of them are asked in one call. Between a plugin's open and its
 * close nothing here allocates, prints or opens. What came of it is printed as `name=value` on one line. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int32_t rc_t;
enum { OK = 0, FAILED = 1, LATER = -1, ENDED = 2 };

struct __attribute__((packed)) event { uint64_t ts, tid; uint32_t len; uint16_t type; uint32_t nparams; };
struct event_input { struct event *evt; uint64_t evtnum; const char *evtsrc; };
struct field {
	union { uint64_t *numbers; const char **texts; void *any; } res;
	uint64_t res_len;
	uint32_t field_id;
	const char *field, *arg_key;
	uint64_t arg_index;
	uint32_t arg_present, ftype, flist;
};
struct offsets { uint32_t *start, *length; };
struct extract_input {
	void *owner;
	const char *(*owner_error)(void *);
	uint32_t num_fields;
	struct field *fields;
	void *reader[4], *reader_ext;
	struct offsets *value_offsets;
};
struct init_input {
	const char *config;
	void *owner;
	const char *(*owner_error)(void *);
	const void *tables;
	void (*log)(void *, const char *, const char *, uint32_t);
};

/* Of tests/c/allocations.c, where that is linked in. */
extern uint64_t allocations_so_far(void) __attribute__((weak));

static struct {
	void *(*init)(const struct init_input *, rc_t *);
	void (*destroy)(void *);
	const char *(*get_last_error)(void *);
	void *(*open)(void *, const char *, rc_t *);
	void (*close)(void *, void *);
	rc_t (*next_batch)(void *, void *, uint32_t *, struct event ***);
	rc_t (*extract_fields)(void *, const struct event_input *, const struct extract_input *);
	const char *(*event_to_string)(void *, const struct event_input *);
	const char *(*get_progress)(void *, void *, uint32_t *);
	const char *(*list_open_params)(void *, rc_t *);
	/* Of the rest only `steady` calls what is there. */
	rc_t (*parse_event)(void *, const struct event_input *, const void *);
	const void *(*get_metrics)(void *, uint32_t *);
} plugin;

enum { KEPT = 64, ROOM = 8192, MAX_FIELDS = 16 };
/* Events of the host's own, copied once. */
static _Alignas(64) uint8_t kept[KEPT][ROOM];
static struct field fields[MAX_FIELDS];
static struct extract_input request;
static struct { uint64_t calls, events, bytes, values, failures; rc_t last; } seen;
static void *state, *instance;

static void stop(const char *why)
{
	fprintf(stderr, "bench: %s%s%s\n", why, state ? ": " : "", state ? plugin.get_last_error(state) : "");
	exit(1);
}

static void silent(void *owner, const char *component, const char *line, uint32_t severity)
{
	(void)owner, (void)component, (void)line, (void)severity;
}

static const char *nothing(void *owner)
{
	(void)owner;
	return "";
}

/* What a host writes into an event that a source lends it. */
static void receive(struct event *event)
{
	uint32_t id;
	memcpy(&id, (uint8_t *)event + 34, sizeof id);
	if (id == 0) {
		id = 999;
		memcpy((uint8_t *)event + 34, &id, sizeof id);
	}
	event->tid = UINT64_MAX;
	if (event->ts == UINT64_MAX)
		event->ts = 1;
	seen.events++;
	seen.bytes += event->len;
}

static rc_t next(struct event ***events, uint32_t *count)
{
	*count = UINT32_MAX;
	seen.last = plugin.next_batch(state, instance, count, events);
	seen.calls++;
	if (*count == UINT32_MAX)
		stop("next_batch has not written the number of events");
	for (uint32_t i = 0; i < *count; i++)
		receive((*events)[i]);
	return seen.last;
}

/* Up to the end, or to a call that gives neither events nor success. */
static void drain(void)
{
	struct event **events;
	uint32_t count;
	while (next(&events, &count) == OK || count > 0)
		if (seen.last == ENDED)
			return;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Prints `e<k>=<ns>`: CPU time of an event from the first batch that ends behind 10^(k-1) events to that behind 10^k. */
static void decades(void)
{
	struct event **events;
	uint32_t count;
	uint64_t until = 10000, from = 0, since = 0;
	int k = 4;
	while (next(&events, &count) == OK || count > 0) {
		if (seen.events >= until) {
			uint64_t now = cpu_ns();
			if (from)
				printf("e%d=%.3f ", k, (double)(now - since) / (double)(seen.events - from));
			from = seen.events;
			since = now;
			until *= 10;
			k++;
		}
		if (seen.last == ENDED)
			return;
	}
}

/* The instance that is open already, and others beside it, a batch of each in turn. */
static void turns(uint64_t instances, const char *params)
{
	struct event **events;
	uint32_t count;
	rc_t rc;
	void *open[16] = { instance };
	if (instances < 1 || instances > 16)
		stop("1 to 16 instances");
	for (uint64_t i = 1; i < instances; i++) {
		open[i] = plugin.open(state, params, &rc);
		if (rc != OK)
			stop("open");
	}
	for (uint64_t left = instances; left > 0;)
		for (uint64_t i = 0; i < instances; i++) {
			if (!open[i])
				continue;
			instance = open[i];
			if (next(&events, &count) != OK && count == 0) {
				plugin.close(state, open[i]);
				open[i] = NULL;
				left--;
			}
		}
	instance = NULL;
}

static void idle(uint64_t times)
{
	struct event **events;
	uint32_t count;
	drain();
	while (times--)
		if (next(&events, &count) == OK || count > 0)
			stop("it has more events");
}

/* Copies the first events, as a host does that keeps them; how many there are. */
static uint64_t keep(void)
{
	uint64_t have = 0;
	struct event **events;
	uint32_t count;
	while (have < KEPT) {
		rc_t rc = next(&events, &count);
		for (uint32_t i = 0; i < count && have < KEPT; i++, have++) {
			if (events[i]->len > ROOM)
				stop("an event is too large to be kept");
			memcpy(kept[have], events[i], events[i]->len);
		}
		if (rc != OK)
			break;
	}
	if (have == 0)
		stop("no events");
	return have;
}

static rc_t extract(struct event_input *event)
{
	for (uint32_t i = 0; i < request.num_fields; i++)
		fields[i].res_len = UINT64_MAX;
	rc_t rc = plugin.extract_fields(state, event, &request);
	if (rc != OK)
		seen.failures++;
	for (uint32_t i = 0; i < request.num_fields; i++) {
		if (fields[i].res_len == UINT64_MAX)
			stop("res_len has not been written");
		seen.values += fields[i].res_len;
	}
	return rc;
}

static void extractions(uint64_t times, int fresh)
{
	uint64_t have = keep();
	struct event_input event = { (struct event *)kept[0], 1, "bench" };
	for (uint64_t i = 0; i < times; i++) {
		if (fresh) {
			event.evt = (struct event *)kept[i % have];
			event.evtnum = i + 1;
		}
		extract(&event);
	}
}

/* As a host does that has a rule for each field: while the batch is there. */
static void each(void)
{
	struct event **events;
	uint32_t count, num_fields = request.num_fields;
	uint64_t number = 0;
	request.num_fields = 1;
	while (next(&events, &count) == OK || count > 0) {
		for (uint32_t i = 0; i < count; i++) {
			struct event_input event = { events[i], ++number, "bench" };
			for (uint32_t j = 0; j < num_fields; j++) {
				fields[j].res_len = UINT64_MAX;
				request.fields = &fields[j];
				if (plugin.extract_fields(state, &event, &request) != OK)
					seen.failures++;
				if (fields[j].res_len == UINT64_MAX)
					stop("res_len has not been written");
				seen.values += fields[j].res_len;
			}
		}
		if (seen.last == ENDED)
			return;
	}
}

static void texts(uint64_t times)
{
	uint64_t have = keep();
	struct event_input event = { NULL, 0, "bench" };
	for (uint64_t i = 0; i < times; i++) {
		event.evt = (struct event *)kept[i % have];
		event.evtnum = i + 1;
		const char *text = plugin.event_to_string(state, &event);
		seen.values += text != NULL && *text != 0;
	}
}

/* The calls of an open instance, and each way in which one fails. */
static void steady(void)
{
	struct event **events;
	uint32_t count, progress, past_the_end = 5;
	uint64_t number = 0;
	struct offsets offsets;
	rc_t rc;
	static const uint64_t no_tables[64];
	do {
		rc = next(&events, &count);
		for (uint32_t i = 0; i < count; i++) {
			struct event_input event = { events[i], ++number, "bench" };
			if (plugin.parse_event)
				seen.failures += plugin.parse_event(state, &event, no_tables) != OK;
			extract(&event);
			request.value_offsets = &offsets;
			extract(&event);
			request.value_offsets = NULL;
			uint32_t id = fields[0].field_id;
			fields[0].field_id = 4000000;
			extract(&event);
			fields[0].field_id = id;
			plugin.event_to_string(state, &event);
			/* Shorter than it says, another type, none at all. */
			memcpy(kept[0], events[i], 38);
			event.evt = (struct event *)kept[0];
			event.evtnum = 0;
			event.evt->len = 38;
			extract(&event);
			plugin.event_to_string(state, &event);
			event.evt->type = 402;
			extract(&event);
			if (plugin.parse_event)
				seen.failures += plugin.parse_event(state, &event, no_tables) != OK;
			event.evt = NULL;
			extract(&event);
			plugin.event_to_string(state, &event);
		}
		plugin.get_last_error(state);
		if (plugin.get_progress)
			plugin.get_progress(state, instance, &progress);
		if (plugin.get_metrics)
			plugin.get_metrics(state, &progress);
		seen.failures += rc == FAILED;
	} while (rc == OK || (rc != ENDED && past_the_end-- > 0));
	next(&events, &count);
	plugin.next_batch(state, NULL, &count, &events);
	plugin.next_batch(NULL, instance, &count, &events);
	plugin.get_last_error(state);
	if (plugin.list_open_params)
		plugin.list_open_params(state, &rc);
}

/* Every call, and each way in which one fails. */
static void tour(void)
{
	rc_t rc;
	steady();
	void *refused = plugin.open(state, "refuse/no such file", &rc);
	seen.failures += rc == FAILED;
	plugin.get_last_error(state);
	plugin.close(state, refused);
	/* One instance more than there is room for. */
	void *open[16];
	for (int i = 0; i < 16; i++) {
		open[i] = plugin.open(state, "3", &rc);
		seen.failures += rc == FAILED;
		plugin.get_last_error(state);
	}
	for (int i = 0; i < 16; i++)
		plugin.close(state, open[i]);
	for (int i = 0; i < 16; i++) {
		struct init_input wrong = { "no such config", NULL, nothing, NULL, silent };
		struct init_input *input = &wrong;
		open[i] = plugin.init(input, &rc);
		seen.failures += rc == FAILED;
		plugin.get_last_error(open[i]);
	}
	for (int i = 0; i < 16; i++)
		plugin.destroy(open[i]);
}

static void layout(void)
{
#define TYPE(type) printf("%s %zu\n", #type, sizeof(struct type))
#define MEMBER(type, member) printf("%s.%s %zu\n", #type, #member, offsetof(struct type, member))
	TYPE(event), MEMBER(event, ts), MEMBER(event, tid), MEMBER(event, len), MEMBER(event, type), MEMBER(event, nparams);
	TYPE(event_input), MEMBER(event_input, evt), MEMBER(event_input, evtnum), MEMBER(event_input, evtsrc);
	TYPE(field), MEMBER(field, res), MEMBER(field, res_len), MEMBER(field, field_id), MEMBER(field, field);
	MEMBER(field, arg_key), MEMBER(field, arg_index), MEMBER(field, arg_present), MEMBER(field, ftype);
	MEMBER(field, flist);
	TYPE(offsets), MEMBER(offsets, start), MEMBER(offsets, length);
	TYPE(extract_input), MEMBER(extract_input, owner), MEMBER(extract_input, owner_error);
	MEMBER(extract_input, num_fields), MEMBER(extract_input, fields), MEMBER(extract_input, reader);
	MEMBER(extract_input, reader_ext), MEMBER(extract_input, value_offsets);
	TYPE(init_input), MEMBER(init_input, config), MEMBER(init_input, owner), MEMBER(init_input, owner_error);
	MEMBER(init_input, tables), MEMBER(init_input, log);
}

static void load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr, "bench: %s\n", dlerror());
		exit(1);
	}
#define FIND(name) *(void **)&plugin.name = dlsym(library, "plugin_" #name)
	FIND(init), FIND(destroy), FIND(get_last_error), FIND(open), FIND(close), FIND(next_batch);
	FIND(extract_fields), FIND(event_to_string), FIND(get_progress), FIND(list_open_params);
	FIND(parse_event), FIND(get_metrics);
	if (!plugin.init || !plugin.open || !plugin.next_batch || !plugin.extract_fields || !plugin.event_to_string)
		stop("it is no plugin with a source and fields");
}

int main(int count, char **arguments)
{
	if (count == 2 && !strcmp(arguments[1], "layout"))
		return layout(), 0;
	if (count < 5)
		stop("LIBRARY CONFIG PARAMS WORK [COUNT] [FIELD...]");
	const char *work = arguments[4];
	int at = 5;
	uint64_t times = 0;
	const char *without[] = { "drain", "each", "decades", "tour", "steady" };
	int takes = 1;
	for (size_t i = 0; i < sizeof without / sizeof *without; i++)
		takes = takes && strcmp(work, without[i]);
	if (takes && at < count)
		times = strtoull(arguments[at++], NULL, 10);
	for (; at < count && request.num_fields < MAX_FIELDS; at++) {
		struct field *field = &fields[request.num_fields++];
		if (sscanf(arguments[at], "%u:%u", &field->field_id, &field->ftype) != 2)
			stop("a field is id:type");
		field->field = "bench";
	}
	request.fields = fields;
	request.owner_error = nothing;

	load(arguments[1]);
	struct init_input input = { arguments[2], NULL, nothing, NULL, silent };
	rc_t rc = FAILED;
	state = plugin.init(&input, &rc);
	if (rc != OK)
		stop("init");
	uint64_t before = allocations_so_far ? allocations_so_far() : 0, since = cpu_ns();
	instance = plugin.open(state, arguments[3], &rc);
	if (rc != OK)
		stop("open");
	int within = !strcmp(work, "steady");
	if (within && allocations_so_far)
		before = allocations_so_far();
	if (!strcmp(work, "drain"))
		drain();
	else if (!strcmp(work, "decades"))
		decades();
	else if (!strcmp(work, "turns"))
		turns(times, arguments[3]);
	else if (!strcmp(work, "idle"))
		idle(times);
	else if (!strcmp(work, "fresh"))
		extractions(times, 1);
	else if (!strcmp(work, "again"))
		extractions(times, 0);
	else if (!strcmp(work, "each"))
		each();
	else if (!strcmp(work, "text"))
		texts(times);
	else if (!strcmp(work, "tour"))
		tour();
	else if (within)
		steady();
	else
		stop("no such work");
	uint64_t after = allocations_so_far ? allocations_so_far() : 0;
	plugin.close(state, instance);
	uint64_t until = cpu_ns();
	if (!within && allocations_so_far)
		after = allocations_so_far();
	plugin.destroy(state);
	printf("calls=%llu events=%llu bytes=%llu values=%llu failures=%llu last=%d cpu_ns=%llu counted=%d allocations=%llu\n",
	       (unsigned long long)seen.calls, (unsigned long long)seen.events, (unsigned long long)seen.bytes,
	       (unsigned long long)seen.values, (unsigned long long)seen.failures, (int)seen.last,
	       (unsigned long long)(until - since), allocations_so_far != NULL, (unsigned long long)(after - before));
	return 0;
}
