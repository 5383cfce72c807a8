// SPDX-License-Identifier: Apache-2.0
// What the official header says of every type, field and constant that the list names: one line for each on stdout.
// tests/tests/abi_layout.rs writes the list (from the one that it has for Rust) and compares the lines.

#include <stddef.h>
#include <stdio.h>

#include <plugin/plugin_api.h>

// The union of results has no name in the header.
typedef __typeof__(((ss_plugin_extract_field *)0)->res) ss_plugin_extract_field_res;

#define TYPE(type) printf("%s: size %zu, align %zu\n", #type, sizeof(type), _Alignof(type));
#define FIELD(type, field) \
    printf("%s.%s: offset %zu, size %zu\n", #type, #field, offsetof(type, field), sizeof(((type *)0)->field));
// By its name as text, or #define'd names would be printed as their values.
#define CONSTANT(text, value) printf("%s = %lld\n", text, (long long)(value));

int main(void)
{
#include "abi_layout_list.h"
    return 0;
}
