/* SPDX-License-Identifier: Apache-2.0 */
/* Every function of falconet.h with good and bad input. */
#include "check.h"

int main(void)
{
	test_views();
	test_write_views();
	test_views_of_both();
	test_batches();
	test_pools_and_slots();
	test_events();
	test_extraction();
	test_values();
	test_host();
	test_last_error();
	CHECK(strstr(falconet_error_text(FALCONET_ERROR_LENT), "lent"));
	CHECK(strcmp(falconet_error_text(-1000), falconet_error_text(1000)) == 0);
	puts("done");
	return 0;
}
