// SPDX-License-Identifier: Apache-2.0
// falconet.h in C++17: a class over a pool's batch, a static one, and views of both.
#include <falconet.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

static_assert(std::is_trivially_copyable_v<falconet_view> && std::is_standard_layout_v<falconet_extraction>);
static_assert(std::is_same_v<decltype(falconet_view_len(nullptr)), std::size_t>);

namespace {

[[noreturn]] void fail(const char *what)
{
	std::fprintf(stderr, "not so: %s\n", what);
	std::exit(1);
}

#define CHECK(so) ((so) ? void() : fail(#so))

constexpr std::uint32_t EVENTS = 4;
constexpr std::size_t BYTES = 512;
constexpr std::size_t SIZE = FALCONET_BATCH_SIZE(EVENTS, BYTES);

std::uint8_t memory[2][SIZE];
constexpr falconet_pool pool = { memory, sizeof memory, 2, EVENTS, BYTES };

/// A batch that gives itself back.
class batch {
public:
	batch() { CHECK(falconet_pool_lease(&pool, &own) == FALCONET_OK); }
	batch(const batch &) = delete;
	batch &operator=(const batch &) = delete;
	~batch() { falconet_batch_give_back(own); }

	void push(std::string_view text)
	{
		CHECK(falconet_batch_push(own, UINT64_MAX, text.data(), text.size()) == FALCONET_OK);
	}

	/// The payloads, as the host sees them.
	std::string lend()
	{
		std::uint32_t count = 0;
		ss_plugin_event **events = nullptr;
		std::string all;
		CHECK(falconet_batch_lend(own, &count, &events) == FALCONET_OK);
		for (std::uint32_t i = 0; i < count; i++) {
			falconet_event event{};
			falconet_view payload{};
			CHECK(falconet_event_read(events[i], &event) == FALCONET_OK);
			CHECK(falconet_event_payload(&event, &payload) == FALCONET_OK);
			all.append(reinterpret_cast<const char *>(payload.ptr), payload.len).push_back(';');
		}
		return all;
	}

private:
	falconet_batch *own = nullptr;
};

} // namespace

int main()
{
	for (int round = 0; round < 3; round++) {
		batch first, second;
		falconet_batch *none = nullptr;
		CHECK(falconet_pool_lease(&pool, &none) == FALCONET_ERROR_NONE_FREE && !none);
		first.push("one");
		second.push("two");
		first.push("");
		CHECK(first.lend() == "one;;" && second.lend() == "two;");
	}
	std::string text(8, 'm');
	falconet_view_mut view{};
	CHECK(falconet_view_mut_new(text.data(), 0, text.size(), &view) == FALCONET_OK);
	CHECK(falconet_view_mut_write_decimal(&view, 1234) == FALCONET_OK && text == "1234mmmm");
	std::puts("done");
}
