/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of source.c. */

/* The event, if it is one of ours and whole. */
static const struct own_event *checked(const struct event_input *ev)
{
	const struct own_event *e = (const struct own_event *)ev->evt;
	if (e->head.type != 322 || e->head.nparams != 2)
		return NULL;
#if defined(FAULT_READS_PAST_EVENT)
	return e->data_len < 9 || memchr(e->text, 0, 40) ? e : NULL;
#else
	if (e->head.len < 38 + 9 || e->id_len != 4 || e->data_len != e->head.len - 38)
		return NULL;
	return memchr(e->text, 0, e->data_len - 8) ? e : NULL;
#endif
}

const char *plugin_event_to_string(void *state, const struct event_input *ev)
{
	struct state *s = STATE(state);
	const struct own_event *e = checked(ev);
	if (!e)
		return NULL;
#ifdef FAULT_RESULT_DANGLES
	memset(s->copied, '#', 5);
#endif
#ifdef FAULT_ERROR_OVERWRITTEN
	fail(s, "no error");
#endif
	snprintf(s->shown, sizeof s->shown, "%s", e->text);
	return s->shown;
}

/* What stands for one field; the places of text and number in the event are known. */
static int one(struct state *s, const struct event_input *ev, const struct own_event *e, uint64_t number,
               struct request *r, struct offsets *offsets)
{
	uint32_t start = 0, length = 0;
	(void)ev;
	r->res_len = 1;
	switch (r->field_id) {
	case 0:
		s->number = number;
		r->res.u64 = &s->number;
#ifdef FAULT_VALUE_MALFORMED__TEXT_FOR_NUMBER
		s->text = "a text";
		r->res.any = &s->text;
#elif defined(FAULT_VALUE_MALFORMED__VALUE_IN_PLACE)
		r->res.any = (void *)(uintptr_t)((number + 1) * 8);
#endif
		start = 38;
		length = 8;
		break;
	case 1:
		s->text = e->text;
		r->res.str = &s->text;
		start = 46;
		length = (uint32_t)strlen(e->text);
#ifdef FAULT_OFFSETS_WRONG
		start -= 1;
#elif defined(FAULT_OFFSETS_RANGE)
		start += 1000;
#endif
#ifdef FAULT_VALUE_MALFORMED
		s->text = NULL;
#elif defined(FAULT_VALUE_MALFORMED__SEVERAL)
		r->res_len = 2;
#elif defined(FAULT_VALUE_MALFORMED__NUMBER_FOR_TEXT)
		s->text = (const char *)(uintptr_t)(number + 1);
#elif defined(FAULT_VALUE_MALFORMED__ONE_POINTER_LESS)
		r->res.any = (void *)(uintptr_t)e->text;
#endif
		break;
	case 2: {
		char *to = s->copied;
#ifdef FAULT_RESULTS_SHARE_MEMORY
		if (s->alone)
			to = s->argument[0];
#elif defined(FAULT_RESULT_DANGLES__FREED)
		to = malloc(64);
#elif defined(FAULT_RESULT_DANGLES__STATIC)
		static char copied[64];
		to = copied;
#endif
		snprintf(to, 64, "copy of %s", e->text);
		s->copy = to;
		r->res.str = &s->copy;
#ifdef FAULT_RESULT_DANGLES__FREED
		free(to);
#endif
		break;
	}
	case 3:
#ifdef FAULT_BOOL_SIZE
		s->even = number % 2 ? 0xa500 : 0xa501;
#else
		s->even = number % 2 == 0;
#endif
		r->res.boolean = &s->even;
		break;
	case 4:
		s->ip = (struct bytes){ 4, IP };
#ifdef FAULT_VALUE_MALFORMED__ADDRESS
		s->ip.len = 6;
#endif
		r->res.buf = &s->ip;
#ifdef FAULT_VALUE_MALFORMED__MISALIGNED
		r->res.any = (char *)&s->ip + 1;
#endif
		break;
	case 5:
		s->list[0] = "first";
		s->list[1] = "second";
		r->res.str = s->list;
		r->res_len = 2;
		break;
	case 6: {
		/* With an argument and without are asked in one call, too. */
		char *to = s->argument[r->arg_present != 0];
#ifdef FAULT_ARG_NOT_PRESENT
		if (r->arg_index != UINT64_MAX)
#else
		if (r->arg_present)
#endif
			snprintf(to, 64, "argument %llu", (unsigned long long)r->arg_index);
		else
			snprintf(to, 64, "no argument");
		s->arg[r->arg_present != 0] = to;
		r->res.str = &s->arg[r->arg_present != 0];
		break;
	}
	/* Never a value: no fault. */
	case 8: r->res_len = 0; break;
	case 7: {
		/* Another value each time, as the time of day: no fault. */
		static uint64_t calls;
		s->calls = ++calls;
		r->res.u64 = &s->calls;
		break;
	}
	default: r->res_len = 0;
	}
#ifdef FAULT_RES_LEN_UNSET__RES
	if (r->field_id == 0)
		memset(&r->res, 0xa5, sizeof r->res);
#endif
#ifdef FAULT_RES_LEN_UNSET
	if (r->field_id == 6 && !r->arg_present)
		memset(&r->res_len, 0xa5, sizeof r->res_len);
#endif
	if (offsets) {
		for (int k = 0; k < 2; k++) {
			s->start[k] = start;
			s->length[k] = length;
		}
		offsets->start = s->start;
		offsets->length = s->length;
#ifdef FAULT_OFFSETS_RANGE__ONE
		offsets->length = NULL;
#endif
	}
	return OK;
}

int32_t plugin_extract_fields(void *state, const struct event_input *ev, const struct extract_input *in)
{
	struct state *s = STATE(state);
	const struct own_event *e = checked(ev);
	uint64_t number;
	for (uint32_t i = 0; i < in->num_fields; i++)
		in->fields[i].res_len = 0;
	if (!e)
		return FAIL;
	number = e->number;
	s->alone = in->num_fields == 1;
#ifdef FAULT_LENT_MEMORY_KEPT__EVENT_INPUT
	if (s->lent && ((const struct event_input *)s->lent)->evtnum == 77)
		return FAIL;
	s->lent = ev;
#elif defined(FAULT_LENT_MEMORY_KEPT__EXTRACT_INPUT)
	if (s->lent && ((const struct extract_input *)s->lent)->num_fields == 77)
		return FAIL;
	s->lent = in;
#endif
#ifdef FAULT_STALE_CACHE
	if (ev->evtnum && s->cached_num == ev->evtnum)
		number = s->cached_number;
#elif defined(FAULT_STALE_CACHE_NUMBER_0)
	if (ev->evtnum == 0 && s->cached_num == 0 && s->kept_event == ev->evt)
		number = s->cached_number;
#endif
	s->cached_num = ev->evtnum;
	s->cached_number = number;
#ifdef FAULT_EVENT_KEPT
	if (s->kept_event && s->kept_event->type != 322)
		return FAIL;
#endif
	s->kept_event = ev->evt;
	for (uint32_t i = 0; i < in->num_fields; i++) {
#ifdef FAULT_SEVERAL_FIELDS
		if (i == 2)
			s->number++;
#endif
		if (one(s, ev, e, number, &in->fields[i], in->value_offsets) != OK)
			return FAIL;
	}
	return OK;
}
