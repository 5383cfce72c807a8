/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of falconet.h are those that Rust has (capi_layout.h, written by the test) and, where OFFICIAL is defined,
 * those of the official header. */
#include <falconet.h>
#include <stddef.h>
#ifdef OFFICIAL
#include <plugin/plugin_api.h>
#endif

#ifdef __cplusplus
#define SAME(a, b) static_assert((a) == (b), #a " is not " #b)
#else
#define SAME(a, b) _Static_assert((a) == (b), #a " is not " #b)
#endif

#include "capi_layout.h"

#ifdef OFFICIAL
#define ALIKE(name, official) SAME((int64_t)(FALCONET_##name), (int64_t)(official))
ALIKE(RC_SUCCESS, SS_PLUGIN_SUCCESS);
ALIKE(RC_FAILURE, SS_PLUGIN_FAILURE);
ALIKE(RC_TIMEOUT, SS_PLUGIN_TIMEOUT);
ALIKE(RC_EOF, SS_PLUGIN_EOF);
ALIKE(RC_NOT_SUPPORTED, SS_PLUGIN_NOT_SUPPORTED);
ALIKE(TYPE_UINT64, FTYPE_UINT64);
ALIKE(TYPE_STRING, FTYPE_STRING);
ALIKE(TYPE_RELTIME, FTYPE_RELTIME);
ALIKE(TYPE_ABSTIME, FTYPE_ABSTIME);
ALIKE(TYPE_BOOL, FTYPE_BOOL);
ALIKE(TYPE_IPADDR, FTYPE_IPADDR);
ALIKE(TYPE_IPNET, FTYPE_IPNET);
ALIKE(LOG_FATAL, SS_PLUGIN_LOG_SEV_FATAL);
ALIKE(LOG_CRITICAL, SS_PLUGIN_LOG_SEV_CRITICAL);
ALIKE(LOG_ERROR, SS_PLUGIN_LOG_SEV_ERROR);
ALIKE(LOG_WARNING, SS_PLUGIN_LOG_SEV_WARNING);
ALIKE(LOG_NOTICE, SS_PLUGIN_LOG_SEV_NOTICE);
ALIKE(LOG_INFO, SS_PLUGIN_LOG_SEV_INFO);
ALIKE(LOG_DEBUG, SS_PLUGIN_LOG_SEV_DEBUG);
ALIKE(LOG_TRACE, SS_PLUGIN_LOG_SEV_TRACE);
ALIKE(PAYLOAD_OFFSET, PLUGIN_EVENT_PAYLOAD_OFFSET);
/* The log's function is the host's. */
SAME(sizeof(((falconet_log *)0)->write), sizeof(((ss_plugin_init_input *)0)->log_fn));
#endif

/* How many numbers were compared, for the test to see that there were any. */
extern const int compared;
const int compared = COMPARED;
