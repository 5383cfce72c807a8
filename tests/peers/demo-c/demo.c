/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin of examples/demo by hand in C, with static memory: what it costs to keep a host's rules without an SDK.
 *
 * Init config: bytes of a payload, 44 to 4,096 (64 where there is none). Open params: the number of events. Payload: the
 * counter, little-endian, then `event number <n>` and zeros.
 *
 * It keeps what the SDK promises: pointers and lengths are checked, out-params written on every path, the time set again
 * each time an event is used again, value offsets given when asked for, several states and instances at once, each with a
 * batch of its own, slots given back, errors with a text.
 *
 * It needs no header: the structs of the plugin API that it touches stand here. */
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "numbers are written as they lie in memory: this is for little-endian machines"
#endif

#define EXPORT __attribute__((visibility("default")))

enum { OK = 0, FAILED = 1, ENDED = 2 };
enum { PLUGIN_EVENT = 322, ID = 999, PAYLOAD = 38, TEXT = 8 };
enum { STATES = 8, INSTANCES = 8, EVENTS = 128, LEAST = 44, MOST = 4096, STRIDE = PAYLOAD + MOST + 10, FIELDS = 64 };

struct __attribute__((packed)) event {
	uint64_t ts, tid;
	uint32_t len;
	uint16_t type;
	uint32_t nparams, id_len, payload_len, id;
};
struct event_input { const struct event *evt; uint64_t evtnum; const char *evtsrc; };
struct field {
	void *res;
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

struct state {
	int used;
	uint32_t payload;
	const char *error;
	/* One for each field: a host may look at a field's value after it has asked for another one. */
	union { uint64_t number; const char *text; } values[3];
	uint32_t start[FIELDS], length[FIELDS];
};
struct instance {
	int used;
	uint64_t next, end;
	uint32_t stride;
	struct event *events[EVENTS];
	_Alignas(64) uint8_t bytes[EVENTS * STRIDE];
};

static struct state states[STATES], no_room = { .error = "there are 8 states already: destroy one before the next init" };
static struct instance instances[INSTANCES];

static const char PAIRS[200] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
	"495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

EXPORT const char *plugin_get_required_api_version(void) { return "3.11.0"; }
EXPORT const char *plugin_get_version(void) { return "0.1.0"; }
EXPORT const char *plugin_get_name(void) { return "demo"; }
EXPORT const char *plugin_get_description(void) { return "A counter and its text"; }
EXPORT const char *plugin_get_contact(void) { return "falconet's authors"; }
EXPORT uint32_t plugin_get_id(void) { return ID; }
EXPORT const char *plugin_get_event_source(void) { return "demo"; }
EXPORT const char *plugin_get_extract_event_sources(void) { return "[\"demo\"]"; }
EXPORT uint16_t *plugin_get_extract_event_types(uint32_t *count, void *state)
{
	static uint16_t types[1] = { PLUGIN_EVENT };
	(void)state;
	*count = 1;
	return types;
}
EXPORT const char *plugin_get_fields(void)
{
	return "[{\"name\":\"demo.num\",\"type\":\"uint64\",\"desc\":\"the counter\"},"
	       "{\"name\":\"demo.text\",\"type\":\"string\",\"desc\":\"the text\"},"
	       "{\"name\":\"demo.double\",\"type\":\"uint64\",\"desc\":\"twice the counter\"}]";
}
EXPORT const char *plugin_get_last_error(void *state)
{
	const struct state *s = state;
	return s && s->error ? s->error : "";
}

/* A decimal number of at most 64 bits and nothing else. */
static int number(const char *digits, uint64_t *to)
{
	uint64_t value = 0;
	if (!digits || !*digits)
		return 0;
	for (; *digits; digits++) {
		if (*digits < '0' || *digits > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*digits - '0'), &value))
			return 0;
	}
	*to = value;
	return 1;
}

/* Takes a slot that is free; hosts use several states on several threads. */
static int take(int *used)
{
	int is_free = 0;
	return __atomic_compare_exchange_n(used, &is_free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}
static void give_back(int *used) { __atomic_store_n(used, 0, __ATOMIC_RELEASE); }

EXPORT void *plugin_init(const struct init_input *in, int32_t *rc)
{
	struct state *s = NULL;
	uint64_t payload = 64;
	if (rc)
		*rc = FAILED;
	for (int i = 0; i < STATES && !s; i++)
		if (take(&states[i].used))
			s = &states[i];
	if (!s)
		return &no_room;
	s->error = NULL;
	if (in && in->config && *in->config && !number(in->config, &payload))
		payload = 0;
	if (!in || payload < LEAST || payload > MOST) {
		s->error = "the init config is the payload's size in bytes, from 44 to 4096";
		return s;
	}
	s->payload = (uint32_t)payload;
	if (rc)
		*rc = OK;
	return s;
}
EXPORT void plugin_destroy(void *state)
{
	if (state && state != &no_room)
		give_back(&((struct state *)state)->used);
}

EXPORT void *plugin_open(void *state, const char *params, int32_t *rc)
{
	struct state *s = state;
	struct instance *in = NULL;
	uint64_t end;
	if (rc)
		*rc = FAILED;
	if (!s)
		return NULL;
	if (!number(params, &end)) {
		s->error = "the open params are the number of events";
		return NULL;
	}
	for (int i = 0; i < INSTANCES && !in; i++)
		if (take(&instances[i].used))
			in = &instances[i];
	if (!in) {
		s->error = "there are 8 instances already: close one before the next open";
		return NULL;
	}
	if (in->stride)
		memset(in->bytes, 0, sizeof in->bytes);
	in->next = 0;
	in->end = end;
	in->stride = (PAYLOAD + s->payload + 15) & ~15u;
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct event *e = (struct event *)(in->bytes + i * in->stride);
		e->tid = UINT64_MAX;
		e->len = PAYLOAD + s->payload;
		e->type = PLUGIN_EVENT;
		e->nparams = 2;
		e->id_len = 4;
		e->payload_len = s->payload;
		e->id = ID;
		in->events[i] = e;
	}
	if (rc)
		*rc = OK;
	return in;
}
EXPORT void plugin_close(void *state, void *instance)
{
	(void)state;
	if (instance)
		give_back(&((struct instance *)instance)->used);
}

/* Writes a number and a NUL. Numbers of an instance only grow, so nothing of one before stays behind it. */
static inline void decimal(uint8_t *to, uint64_t n)
{
	uint8_t digits[20];
	unsigned at = sizeof digits;
	while (n >= 100) {
		memcpy(digits + (at -= 2), PAIRS + n % 100 * 2, 2);
		n /= 100;
	}
	if (n >= 10)
		memcpy(digits + (at -= 2), PAIRS + n * 2, 2);
	else
		digits[--at] = (uint8_t)('0' + n);
	while (at < sizeof digits)
		*to++ = digits[at++];
	*to = 0;
}

EXPORT int32_t plugin_next_batch(void *state, void *instance, uint32_t *count, struct event ***events)
{
	struct instance *in = instance;
	if (!count || !events)
		return FAILED;
	*count = 0;
	*events = NULL;
	if (!state || !in)
		return FAILED;
	uint64_t left = in->end - in->next;
	uint32_t now = left < EVENTS ? (uint32_t)left : EVENTS;
	for (uint32_t i = 0; i < now; i++) {
		struct event *e = in->events[i];
		uint8_t *payload = (uint8_t *)e + PAYLOAD;
		uint64_t n = in->next + i;
		e->ts = UINT64_MAX;
		memcpy(payload, &n, sizeof n);
		memcpy(payload + TEXT, "event number ", 13);
		decimal(payload + TEXT + 13, n);
	}
	in->next += now;
	*count = now;
	*events = in->events;
	return now ? OK : ENDED;
}

EXPORT const char *plugin_get_progress(void *state, void *instance, uint32_t *hundredths)
{
	const struct instance *in = instance;
	(void)state;
	if (hundredths)
		*hundredths = in && in->end ? (uint32_t)((double)in->next / (double)in->end * 10000) : 0;
	return NULL;
}

/* The payload of a plugin event that is what it says, with a NUL at its end behind a counter. */
static inline const uint8_t *payload(const struct event_input *in)
{
	const struct event *e = in ? in->evt : NULL;
	if (!e || e->type != PLUGIN_EVENT || e->nparams != 2 || e->len < PAYLOAD + TEXT + 1 || e->id_len != 4 ||
	    e->payload_len != e->len - PAYLOAD || ((const uint8_t *)e)[e->len - 1] != 0)
		return NULL;
	return (const uint8_t *)e + PAYLOAD;
}

EXPORT int32_t plugin_extract_fields(void *state, const struct event_input *event, const struct extract_input *in)
{
	struct state *s = state;
	uint64_t n;
	if (!in || (in->num_fields && !in->fields))
		return FAILED;
	const uint8_t *p = payload(event);
	if (!s || !p || in->num_fields > FIELDS) {
		for (uint32_t i = 0; i < in->num_fields; i++)
			in->fields[i].res_len = 0;
		return FAILED;
	}
	memcpy(&n, p, sizeof n);
	for (uint32_t i = 0; i < in->num_fields; i++) {
		struct field *f = &in->fields[i];
		uint32_t start = 0, length = 0;
		f->res_len = 0;
		switch (f->field_id) {
		case 0:
			s->values[0].number = n;
			start = PAYLOAD;
			length = sizeof n;
			break;
		case 1:
			s->values[1].text = (const char *)p + TEXT;
			if (in->value_offsets) {
				start = PAYLOAD + TEXT;
				length = (uint32_t)strlen(s->values[1].text);
			}
			break;
		case 2: s->values[2].number = 2 * n; break;
		default: return FAILED;
		}
		f->res = &s->values[f->field_id];
		f->res_len = 1;
		if (in->value_offsets) {
			s->start[i] = start;
			s->length[i] = length;
		}
	}
	if (in->value_offsets) {
		in->value_offsets->start = s->start;
		in->value_offsets->length = s->length;
	}
	return OK;
}

EXPORT const char *plugin_event_to_string(void *state, const struct event_input *event)
{
	const uint8_t *p = state ? payload(event) : NULL;
	return p ? (const char *)p + TEXT : NULL;
}
