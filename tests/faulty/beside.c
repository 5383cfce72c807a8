/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that injects async events, listens to captures, has a routine and tells metrics by the rules of the host, and
 * breaks one as source.c does. */
#include "full.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct state {
	char error[256];
	void *owner, *routine;
	handler_fn handler;
	pthread_t thread;
	_Atomic int running;
	_Atomic uint64_t ticks;
	struct metric metrics[2];
};

IDENTITY("beside", "3.10.0")

static __thread int here;

void *plugin_init(const struct init_input *in, int32_t *rc)
{
	struct state *s;
#ifdef FAULT_TABLES_NULL
	void *(*volatile list)(void *, uint32_t *) = in->tables->list_tables;
	(void)list;
#endif
	s = calloc(1, sizeof *s);
	here = 1;
	*rc = in->config[0] ? FAIL : OK;
	snprintf(s->error, sizeof s->error, "%s", in->config[0] ? "there is nothing to configure" : "");
	return s;
}
void plugin_destroy(void *state)
{
	struct state *s = state;
	/* Only one that was not stopped when it should be is left here. */
	if (s->running) {
		s->running = 0;
		pthread_join(s->thread, NULL);
	}
	free(s);
}
const char *plugin_get_last_error(void *state) { return ((struct state *)state)->error; }

/* Async events. */

#ifdef FAULT_LISTS_JSON
const char *plugin_get_async_events(void) { return "[]"; }
#elif defined(FAULT_NAME_TOO_LONG)
const char *plugin_get_async_events(void) { return "[\"tick\",\"a name that is longer than the host keeps of it\"]"; }
#else
const char *plugin_get_async_events(void) { return "[\"tick\"]"; }
#endif

static void *produce(void *arg)
{
	struct state *s = arg;
	struct async_event e;
	while (s->running) {
		set_async(&e, UINT64_MAX, "tick", "data");
#ifdef FAULT_ASYNC_EVENT
		e.head.nparams = 2;
#elif defined(FAULT_ASYNC_EVENT__NAME)
		set_async(&e, UINT64_MAX, "tock", "data");
#elif defined(FAULT_ASYNC_EVENT_IN_THE_FUTURE)
		e.head.ts = UINT64_MAX - 1;
#endif
		s->handler(s->owner, &e.head, NULL);
		s->ticks++;
		usleep(2000);
	}
	return NULL;
}

int32_t plugin_set_async_event_handler(void *state, void *owner, handler_fn handler)
{
	struct state *s = state;
	if (!handler) {
#ifdef FAULT_ASYNC_AFTER_NULL
		return OK;
#endif
		if (s->running) {
			s->running = 0;
			pthread_join(s->thread, NULL);
		}
#ifdef FAULT_CLOSE_FAILS
		return FAIL;
#endif
		return OK;
	}
#ifdef FAULT_RC_UNKNOWN
	return 7;
#endif
	s->owner = owner;
	s->handler = handler;
	s->running = 1;
	return pthread_create(&s->thread, NULL, produce, s) ? FAIL : OK;
}

#ifdef FAULT_ORPHAN_SYMBOL
const char *plugin_get_progress(void *s, void *i, uint32_t *n) { (void)s; (void)i; *n = 0; return ""; }
#endif

int32_t plugin_dump_state(void *state, void *owner, handler_fn handler)
{
	struct async_event e;
	char error[1024];
	(void)state;
#ifdef FAULT_DUMP_STATE_EVENT
	set_async(&e, UINT64_MAX, "tick", "state");
#else
	set_async(&e, 1700000000000000000, "tick", "state");
#endif
	return handler(owner, &e.head, error);
}

/* Captures. */

static uint32_t routine(void *plugin, void *state)
{
	struct state *s = state;
	(void)plugin;
	s->ticks++;
#ifndef FAULT_ROUTINE_SPINS
	usleep(2000);
#endif
	return 1;
}

int32_t plugin_capture_open(void *state, const struct listen_input *in)
{
	struct state *s = state;
	s->routine = in->routine->subscribe(in->owner, routine, s);
#ifdef FAULT_ROUTINES
	in->routine->subscribe(in->owner, NULL, s);
#endif
#ifdef FAULT_SUBSCRIBE_NULL
	if (!s->routine)
		abort();
#elif defined(FAULT_SUBSCRIBE_NULL__SILENT)
	if (!s->routine)
		return FAIL;
#endif
	return OK;
}
int32_t plugin_capture_close(void *state, const struct listen_input *in)
{
	struct state *s = state;
	if (s->routine)
		in->routine->unsubscribe(in->owner, s->routine);
#ifdef FAULT_CLOSE_FAILS__CAPTURE
	return FAIL;
#endif
	return OK;
}

/* Metrics. */

struct metric *plugin_get_metrics(void *state, uint32_t *n)
{
	struct state *s = state;
#ifdef FAULT_METRICS_THREAD
	if (!here) {
		*n = 0;
		return NULL;
	}
#elif defined(FAULT_METRICS_THREAD__CRASH)
	if (!here)
		abort();
#endif
	s->metrics[0] = (struct metric){ .name = "ticks", .type = 0, .value = { .u64 = s->ticks }, .value_type = 2 };
	s->metrics[1] = (struct metric){ .name = "running", .type = 1, .value = { .u32 = 1 }, .value_type = 0 };
#ifdef FAULT_METRIC_MALFORMED
	s->metrics[1].value_type = 9;
#elif defined(FAULT_NAME_TOO_LONG__METRIC)
	static char name[600];
	memset(name, 'x', sizeof name - 1);
	s->metrics[1].name = name;
#endif
#ifndef FAULT_METRIC_MALFORMED__COUNT
	*n = 2;
#else
	(void)n;
#endif
	return s->metrics;
}
