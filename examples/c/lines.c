/* SPDX-License-Identifier: Apache-2.0 */
/* A source of a file's lines: events of any size, written in place and read through views, in memory of the heap. Open
 * params: the file's path. Payload: a number from 1, 4 bytes, then the line, or a piece of a long one, with a NUL. */
#include <falconet.h>
#include <stdio.h>
#include <stdlib.h>

enum { EVENTS = 128, ROOM = 1 << 16, TEXT = 4, LONGEST = 8000 };

struct state {
	falconet_last_error error;
	falconet_results *results;
	uint8_t memory[FALCONET_RESULTS_SIZE];
};
struct instance {
	uint32_t number;
	FILE *file;
	falconet_batch *batch;
	uint8_t memory[FALCONET_BATCH_SIZE(EVENTS, ROOM)];
};

const char *plugin_get_required_api_version(void) { return "3.0.0"; }
const char *plugin_get_name(void) { return "lines"; }
const char *plugin_get_version(void) { return "0.1.0"; }
const char *plugin_get_description(void) { return "The lines of a file"; }
const char *plugin_get_contact(void) { return "falconet's authors"; }
uint32_t plugin_get_id(void) { return 999; }
const char *plugin_get_event_source(void) { return "lines"; }
const char *plugin_get_last_error(struct state *state) { return falconet_last_error_get(state ? &state->error : NULL); }
const char *plugin_get_fields(void)
{
	return "[{\"type\":\"uint64\",\"name\":\"lines.number\",\"desc\":\"its number, from 1\"},"
	       "{\"type\":\"string\",\"name\":\"lines.text\",\"desc\":\"the line\"}]";
}

struct state *plugin_init(const struct ss_plugin_init_input *input, int32_t *rc)
{
	struct state *state = input ? calloc(1, sizeof *state) : NULL;
	bool failed = !state || falconet_results_init(state->memory, sizeof state->memory, false, &state->results);
	*rc = failed ? FALCONET_RC_FAILURE : FALCONET_RC_SUCCESS;
	return state;
}
void plugin_destroy(struct state *state) { free(state); }

void plugin_close(struct state *state, struct instance *in)
{
	if (state && in && in->file)
		fclose(in->file);
	free(in);
}
struct instance *plugin_open(struct state *state, const char *params, int32_t *rc)
{
	struct instance *in = state && params ? calloc(1, sizeof *in) : NULL;
	*rc = FALCONET_RC_FAILURE;
	if (in && (in->number = 1, in->file = fopen(params, "r")) &&
	    !falconet_batch_init(in->memory, sizeof in->memory, EVENTS, ROOM, &in->batch) &&
	    !falconet_batch_use_packed(in->batch, 999, TEXT + LONGEST + 1)) {
		*rc = FALCONET_RC_SUCCESS;
		return in;
	}
	falconet_last_error_set(state ? &state->error : NULL, "the open params are the path of a file that can be read");
	plugin_close(state, in);
	return NULL;
}

/* Writes the next line into an event. FALCONET_FULL where it must wait, FALCONET_NONE at the end of the file. */
static falconet_code next_line(struct instance *in)
{
	falconet_write_view *view;
	uint8_t *room;
	size_t size, len = 0;
	falconet_code code = falconet_batch_claim(in->batch, &view);
	if (code || (code = falconet_write_view_write_all(view, &in->number, sizeof in->number)) ||
	    (code = falconet_write_view_room(view, &room, &size)))
		return code;
	int c = getc(in->file);
	if (c == EOF)
		return (code = falconet_batch_roll_back(in->batch)) ? code : FALCONET_NONE;
	for (; c != EOF && c != '\n' && len + 1 < size; c = getc(in->file))
		room[len++] = (uint8_t)c;
	if (c != '\n')
		ungetc(c, in->file);
	room[len++] = '\0';
	in->number++;
	return (code = falconet_write_view_advance(view, len)) ? code : falconet_batch_commit(in->batch, UINT64_MAX);
}

int32_t plugin_next_batch(struct state *state, struct instance *in, uint32_t *count, struct ss_plugin_event ***events)
{
	*count = 0; /* the host reads it on every path */
	if (!state || !in)
		return FALCONET_RC_FAILURE;
	falconet_code code = falconet_batch_take_back(in->batch);
	while (!code)
		code = next_line(in);
	/* What came before a failure is given, too. */
	if (!falconet_batch_lend(in->batch, count, events) && code > 0 && !ferror(in->file))
		return code == FALCONET_NONE ? FALCONET_RC_EOF : FALCONET_RC_SUCCESS;
	falconet_last_error_set(&state->error, ferror(in->file) ? "the file cannot be read" : "the batch cannot be used");
	return FALCONET_RC_FAILURE;
}

int32_t plugin_extract_fields(struct state *state, const struct ss_plugin_event_input *event,
                              const struct ss_plugin_field_extract_input *input)
{
	falconet_extraction call;
	falconet_view payload;
	const uint8_t *text;
	falconet_code code = falconet_extraction_begin(state ? state->results : NULL, event, input, &call);
	for (uint32_t number; code == FALCONET_OK; code = falconet_extraction_next(&call)) {
		size_t len = call.payload_len;
		if (len <= TEXT || falconet_view_new(call.payload, len, len, &payload) ||
		    falconet_view_read_exact(&payload, &number, sizeof number) ||
		    falconet_view_take(&payload, len - TEXT - 1, &text))
			continue; /* an event of another shape has no values */
		if (call.id == 0)
			falconet_result_u64(&call, number);
		else
			falconet_result_string(&call, (const char *)text, len - TEXT - 1); /* by pointer: a NUL is behind it */
	}
	return code == FALCONET_NONE ? FALCONET_RC_SUCCESS : FALCONET_RC_FAILURE;
}
