/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that parses events and uses the table "counts" of another one, keeper.c of the host's tests, by the rules of the
 * host, and breaks one as source.c does. */
#include "full.h"

#ifdef FAULT_NO_CAPABILITY
#define plugin_parse_event not_exported_parse_event
#endif

struct state {
	char error[256];
	void *owner, *table, *count, *sub, *half, *kept, *kept_sub;
	struct reader_vtable_ext *reader;
	struct writer_vtable *writer;
};

IDENTITY("tables", "3.5.0")

#ifdef FAULT_TABLE_EXPORTED
static uint64_t size(void *table) { (void)table; return 0; }
#endif

void *plugin_init(const struct init_input *in, int32_t *rc)
{
	const struct init_tables *t = (const struct init_tables *)in->tables;
#ifdef FAULT_SEVERAL_STATES
	static struct state only;
	struct state *s = &only;
#else
	struct state *s = calloc(1, sizeof *s);
#endif
	union data out = { .table = NULL };
	void *entry;
	*rc = OK;
	s->owner = in->owner;
	s->table = t->get(in->owner, "counts", ST_UINT64);
	if (in->config[0] || !s->table) {
		snprintf(s->error, sizeof s->error, "there is no table, or a config, which is for nothing");
		*rc = FAIL;
		return s;
	}
	s->count = t->fields_ext->get(s->table, "count", ST_UINT64);
	s->sub = t->fields_ext->get(s->table, "sub", ST_TABLE);
	/* The fields of a table in an entry, with an entry made for that. */
	entry = t->writer_ext->create(s->table);
	if (t->reader_ext->read(s->table, entry, s->sub, &out) == OK)
		s->half = t->fields_ext->get(out.table, "half", ST_UINT64);
	t->writer_ext->destroy(s->table, entry);
#ifdef FAULT_TABLE_EXPORTED
	struct table_input table = { .name = "mine", .key_type = ST_UINT64, .table = s };
	table.reader.size = size;
	t->add(in->owner, &table);
#endif
#ifdef FAULT_TABLE_MISUSED
	t->fields_ext->get(s->table, NULL, ST_UINT64);
#endif
#ifdef FAULT_LENT_MEMORY_KEPT
	s->reader = t->reader_ext;
	s->writer = t->writer_ext;
#endif
	return s;
}
void plugin_destroy(void *state)
{
#ifndef FAULT_SEVERAL_STATES
	free(state);
#else
	(void)state;
#endif
}
const char *plugin_get_last_error(void *state) { return ((struct state *)state)->error; }

#ifndef FAULT_TYPES_NOT_EXPORTED
uint16_t *plugin_get_parse_event_types(uint32_t *n, void *state)
{
	static uint16_t types[] = { 322 };
	(void)state;
	*n = 1;
	return types;
}
#endif

int32_t plugin_parse_event(void *state, const struct event_input *ev, const struct parse_input *in)
{
	struct state *s = state;
	struct reader_vtable_ext *r = in->reader_ext;
	struct writer_vtable *w = in->writer_ext;
	union data key = { .u64 = ev->evtnum % 2 + 100 }, value = { .u64 = 0 }, out;
	void *entry;
#ifdef FAULT_LENT_MEMORY_KEPT
	r = s->reader;
	w = s->writer;
#endif
#ifdef FAULT_RC_UNKNOWN
	return 7;
#endif
#ifdef FAULT_TABLE_USED_OUTSIDE
	if (s->kept)
		r->read(s->table, s->kept, s->count, &out);
#elif defined(FAULT_SUBTABLE_KEPT)
	if (s->kept_sub)
		r->size(s->kept_sub);
#endif
	entry = r->get(s->table, &key);
	if (!entry)
		entry = w->add(s->table, &key, w->create(s->table));
	if (!entry)
		return FAIL;
	r->read(s->table, entry, s->count, &value);
	value.u64++;
	w->write(s->table, entry, s->count, &value);
	if (r->read(s->table, entry, s->sub, &out) == OK)
		s->kept_sub = out.table;
	s->kept = entry;
#ifndef FAULT_ENTRY_NOT_RELEASED
	r->release(s->table, entry);
#endif
#ifdef FAULT_ENTRY_NOT_RELEASED__TWICE
	r->release(s->table, entry);
#endif
	return OK;
}
