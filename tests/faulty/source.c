/* SPDX-License-Identifier: Apache-2.0 */
/* A source with fields that keeps every rule of the host, and breaks one if it is compiled with -DFAULT_<CHECK>, the name
 * of the check of `falconet check` in capitals, or with -DFAULT_<CHECK>__<HOW> for another way to break it. */
#include "full.h"
#include <pthread.h>
#include <stdarg.h>
#include <unistd.h>
#include <unwind.h>

#ifdef FAULT_CAPABILITY_SYMBOLS
#define plugin_close not_exported_close
#endif

#define BATCH 8

#pragma pack(push, 1)
struct own_event {
	struct event head;
	uint32_t id_len, data_len, id;
	uint64_t number;
	char text[40];
};
#pragma pack(pop)

struct state {
	log_fn log;
	void *owner;
	char error[256];
	char shown[64];
	uint64_t number, calls;
	const char *text, *copy, *list[2], *arg[2];
	char copied[64], argument[2][64];
	uint32_t alone, even, start[2], length[2];
	struct bytes ip;
	uint64_t cached_num, cached_number;
	const void *lent;
	const struct event *kept_event;
	const char *config;
};

struct instance {
	uint64_t next, limit, fail_at;
	struct own_event events[BATCH];
	struct event *pointers[BATCH];
	uint32_t ended, batches;
	const char *params;
};

static const uint8_t IP[4] = { 192, 0, 2, 1 };

#include "identity.h"

/* States. */

static int fail(struct state *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(s->error, sizeof s->error, format, args);
	va_end(args);
	return FAIL;
}

static int living;
/* For the states that are none. */
static struct state FULL __attribute__((unused));
#ifdef FAULT_STATE_NULL
#define STATE(STATE) ((void)(STATE), &FULL)
#else
#define STATE(STATE) (STATE)
#endif
#ifdef FAULT_BATCH_SHARED
static struct instance THE_INSTANCE;
#endif
#ifdef FAULT_SEVERAL_STATES__SHARED
static uint64_t NEXT;
#endif
#ifdef FAULT_SEVERAL_STATES__ONE_INSTANCE
static int OPEN;
#endif
static __thread struct state *of_thread;

#ifdef FAULT_UNLOAD
static void at_the_threads_end(void *value) { (void)value; }
#endif

void *plugin_init(const struct init_input *in, int32_t *rc)
{
	struct state *s;
#ifdef FAULT_INIT_RC_UNSET
	if (in->config[0] == 0)
		return calloc(1, sizeof *s);
#endif
	*rc = FAIL;
#ifdef FAULT_INIT_FAILURE_SILENT
	if (in->config[0])
		return NULL;
#endif
#ifdef FAULT_SEVERAL_STATES
	if (living)
		return NULL;
#endif
#ifdef FAULT_NOT_GIVEN_BACK
	static int slots;
	if (++slots > 30) {
		snprintf(FULL.error, sizeof FULL.error, "no slot left");
		return &FULL;
	}
#endif
#ifdef FAULT_STATE_NULL
	s = &FULL;
	memset(s, 0, sizeof *s);
#else
	s = calloc(1, sizeof *s);
#endif
	living++;
	s->log = in->log;
	s->owner = in->owner;
	s->cached_num = UINT64_MAX;
	s->config = in->config;
#ifdef FAULT_INIT_RC_UNSET__ON_FAILURE
	*rc = 77;
	if (in->config[0])
		return s;
#endif
	if (in->config[0]) {
		fail(s, "there is nothing to configure, and this was given: %s", in->config);
#ifdef FAULT_INIT_FAILURE_SILENT__NO_MESSAGE
		s->error[0] = 0;
#endif
		return s;
	}
#ifdef FAULT_CLAIM_TOO_LOW__LOG
	s->log(s->owner, NULL, "hello", 6);
#endif
#ifdef FAULT_LEAKS__FILES
	dup(2);
#endif
#ifdef FAULT_LEAKS__THREADS
	/* A function of the C library, which is not unmapped with this one. */
	pthread_t thread;
	pthread_create(&thread, NULL, (void *(*)(void *))(void *)pause, NULL);
#endif
#ifdef FAULT_UNLOAD
	static pthread_key_t key;
	static int made;
	if (!made++)
		pthread_key_create(&key, at_the_threads_end);
	pthread_setspecific(key, &made);
#endif
	of_thread = s;
	*rc = OK;
#ifdef FAULT_STATE_NULL
	return NULL;
#endif
	return s;
}
void plugin_destroy(void *state)
{
	living--;
#ifndef FAULT_LEAKS
	if (state != &FULL)
		free(state);
#else
	(void)state;
#endif
}
const char *plugin_get_last_error(void *state)
{
	struct state *s = STATE(state);
#ifdef FAULT_LAST_ERROR_NULL
	return s->error[0] ? s->error : NULL;
#elif defined(FAULT_ERROR_TOO_LONG)
	static char text[2000];
	memset(text, 'x', sizeof text - 1);
	return s->error[0] ? text : "";
#else
	return s->error;
#endif
}

#ifdef FAULT_LENT_MEMORY_KEPT__SET_CONFIG
struct set_config_input {
	const char *config;
};
int32_t plugin_set_config(void *state, const struct set_config_input *in)
{
	struct state *s = STATE(state);
	s->lent = in;
	return OK;
}
#endif

const char *plugin_list_open_params(void *state, int32_t *rc)
{
	(void)state;
#ifdef FAULT_OPEN_PARAMS_RC_UNSET
	return "[]";
#endif
	*rc = OK;
#ifdef FAULT_OPEN_PARAMS_JSON
	return "[{\"value\":\"\",\"desc\":\"nothing\"}]";
#endif
	return "[{\"value\":\"100\",\"desc\":\"a hundred events\"}]";
}

/* The source: "N" gives N events and ends, "N!" fails after them. */

void *plugin_open(void *state, const char *params, int32_t *rc)
{
	struct state *s = STATE(state);
	char *end;
	uint64_t limit = strtoull(params, &end, 10);
	struct instance *i;
#ifdef FAULT_OPEN_RC_UNSET__ON_FAILURE
	if (end == params)
		return NULL;
#endif
	*rc = FAIL;
#ifdef FAULT_OTHER_THREAD
	s = of_thread;
	if (!s)
		return NULL;
#endif
	if (end == params) {
		fail(s, "the number of events was expected, not '%s'", params);
#ifdef FAULT_FAILURE_SILENT
		s->error[0] = 0;
#endif
		return NULL;
	}
#ifdef FAULT_NOT_GIVEN_BACK__INSTANCES
	static int opened;
	if (++opened > 90) {
		fail(s, "no slot left for an instance");
		return NULL;
	}
#endif
#ifdef FAULT_SEVERAL_STATES__ONE_INSTANCE
	if (OPEN++) {
		OPEN--;
		fail(s, "the only instance is in use");
		return NULL;
	}
#endif
#ifdef FAULT_BATCH_SHARED
	i = &THE_INSTANCE;
	memset(i, 0, sizeof *i);
#else
	i = calloc(1, sizeof *i);
#endif
#ifdef FAULT_LEAKS__INSTANCES
	if (!calloc(1, 100))
		return NULL;
#endif
	i->limit = limit;
#ifdef FAULT_SEVERAL_STATES__SHARED
	NEXT = 0;
#endif
	i->fail_at = *end == '!' ? limit : UINT64_MAX;
#if defined(FAULT_EVENTS_LOST__FAILURE) || defined(FAULT_FAILURE_SILENT__NEXT_BATCH) || defined(FAULT_ERROR_OVERWRITTEN)
	i->fail_at = limit;
#endif
	i->params = params;
#ifndef FAULT_OPEN_RC_UNSET
	*rc = OK;
#else
	*rc = 5;
#endif
	return i;
}
void plugin_close(void *state, void *instance)
{
	(void)state;
	(void)instance;
#ifdef FAULT_SEVERAL_STATES__ONE_INSTANCE
	if (instance)
		OPEN--;
#endif
#ifdef FAULT_CLOSE_NULL
	*(volatile uint64_t *)&((struct instance *)instance)->limit = 0;
#endif
#ifndef FAULT_BATCH_SHARED
	free(instance);
#endif
}

static void write_event(struct own_event *e, uint64_t number)
{
	uint32_t text = (uint32_t)snprintf(e->text, sizeof e->text, "event number %llu", (unsigned long long)number) + 1;
#ifdef FAULT_TS_NOT_RESET
	if (e->head.ts == 0)
#endif
	e->head.ts = UINT64_MAX;
	e->head.tid = UINT64_MAX;
	e->head.type = 322;
	e->head.nparams = 2;
	e->head.len = 38 + 8 + text;
	e->id_len = 4;
	e->data_len = 8 + text;
	e->id = 0;
	e->number = number;
#ifdef FAULT_EVENT_HEADER
	e->head.len = 20;
#endif
#ifdef FAULT_EVENT_PARAMS
	e->data_len += 2;
#endif
#ifdef FAULT_EVENT_TYPE
	e->head.type = 1;
	e->head.nparams = 0;
	e->head.len = 26;
#endif
#ifdef FAULT_EVENT_ID
	e->id = 998;
#endif
}

#ifdef FAULT_BATCH_READ_ONLY
/* ts, tid, len, type, nparams, the lengths, the id and a payload of one byte. */
static const uint8_t EVENT[39] = { 1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 39, 0, 0, 0,
	                           0x42, 1, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0 };
#endif

int32_t plugin_next_batch(void *state, void *instance, uint32_t *n, struct event ***events)
{
	struct state *s = STATE(state);
	struct instance *i = instance;
	uint32_t count = 0;
#ifdef FAULT_NEVTS_UNSET
	if (i->next == i->limit)
		return END;
#endif
#ifdef FAULT_EOF_NOT_STICKY
	if (i->ended) {
		i->ended = 0;
		*n = 0;
		return AGAIN;
	}
#endif
#ifdef FAULT_BATCH_REPLAYED
	if (i->next == i->limit) {
		*n = i->batches;
		*events = i->pointers;
		return END;
	}
#endif
#ifdef FAULT_LENT_MEMORY_KEPT
	if (i->params[0] == 'x')
		return FAIL;
#elif defined(FAULT_LENT_MEMORY_KEPT__CONFIG)
	if (s->config[0] == 'x')
		return FAIL;
#endif
#ifdef FAULT_LENT_MEMORY_KEPT__SET_CONFIG
	if (s->lent && ((const struct set_config_input *)s->lent)->config == NULL)
		return FAIL;
#endif
#ifdef FAULT_NEXT_BATCH_BLOCKS
	static int slept;
	if (!slept++)
		usleep(1200000);
#endif
#ifdef FAULT_HANG
	for (;;)
		pause();
#endif
#ifdef FAULT_CRASH
	*(volatile int *)(uintptr_t)((uintptr_t)s ^ ((uintptr_t)s & 0xfff) ^ 0x7000000000000000) = 1;
#endif
#ifdef FAULT_ABORT
	abort();
#elif defined(FAULT_ABORT__EXCEPTION)
	/* As the runtime of C++ does it: where nobody catches, this returns. */
	static struct _Unwind_Exception exception;
	_Unwind_RaiseException(&exception);
	abort();
#endif
#ifdef FAULT_EXIT
	exit(3);
#endif
#ifdef FAULT_SEVERAL_STATES__SHARED
	i->next = NEXT;
	NEXT = NEXT + BATCH > i->limit ? i->limit : NEXT + BATCH;
#endif
	*n = 0;
	*events = i->pointers;
#ifdef FAULT_SUCCESS_EMPTY
	if (i->next == 0 && !i->ended++)
		return OK;
#endif
	for (count = 0; count < BATCH && i->next < i->limit; count++, i->next++) {
		i->pointers[count] = &i->events[count].head;
		write_event(&i->events[count], i->next);
	}
	i->batches = count;
	if (i->next == i->fail_at) {
#ifndef FAULT_EVENTS_LOST__FAILURE
		*n = count;
#endif
		fail(s, "failed after %llu events", (unsigned long long)i->next);
#ifdef FAULT_FAILURE_SILENT__NEXT_BATCH
		s->error[0] = 0;
#endif
		i->fail_at = UINT64_MAX;
		return FAIL;
	}
#ifdef FAULT_EVENTS_LOST
	if (count < BATCH)
		return END;
#endif
#ifdef FAULT_NEVTS_UNSET__SUCCESS
	*n = 0xA5A5A5A5;
#else
	*n = count;
#endif
#ifdef FAULT_EVTS_UNSET
	*events = NULL;
#endif
#ifdef FAULT_NEXT_BATCH_RC
	return 9;
#endif
#ifdef FAULT_BATCH_READ_ONLY
	for (uint32_t k = 0; k < count; k++)
		i->pointers[k] = (struct event *)(uintptr_t)EVENT;
#endif
#ifdef FAULT_EVENT_HEADER__NULL
	i->pointers[0] = NULL;
#endif
	i->ended = i->next == i->limit;
	return i->ended ? END : OK;
}

const char *plugin_get_progress(void *state, void *instance, uint32_t *hundredths)
{
	struct instance *i = instance;
	(void)state;
	(void)hundredths;
#ifdef FAULT_PROGRESS_UNSET
	return i->next ? "" : NULL;
#elif defined(FAULT_PROGRESS_UNSET__TOO_MUCH)
	*hundredths = i->limit < 1000 ? 10001 : 10000;
#else
	*hundredths = i->limit ? (uint32_t)(i->next * 10000 / i->limit) : 10000;
#endif
#ifdef FAULT_BATCH_CHANGED_WHILE_LENT
	i->events[0].number++;
#endif
	return "";
}

#include "extract.h"
