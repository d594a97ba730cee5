#include "drivers/instruments/level_table.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/number_of.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <numeric>
#include <span>
#include <string>
#include <string_view>

namespace phyll::instruments {
namespace {

constexpr std::string_view between = " \t\r\n,;";

Error wrong(const std::filesystem::path& path, const std::string& why) {
    return invalid_field("look_up_table", fmt::format("{}: {}", in_quotes(path.string()), why));
}

} // namespace

LevelTable straight_table() {
    LevelTable table{};
    std::iota(table.begin(), table.end(), std::uint8_t{0});
    return table;
}

LevelTable read_level_table(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw wrong(path, "cannot be read");
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    LevelTable table{};
    std::size_t count = 0;
    for (std::size_t place = text.find_first_not_of(between); place != std::string::npos; ++count) {
        const std::size_t end = std::min(text.find_first_of(between, place), text.size());
        const std::string word = text.substr(place, end - place);
        const auto level = number_of<unsigned>(word);
        if (!level || *level > 255) {
            throw wrong(path, fmt::format("number {} is {}; valid is 0 to 255", count + 1,
                                          in_quotes(word)));
        }
        if (count == table.size()) {
            throw wrong(path, "more than 256 numbers, one for each level");
        }
        table[count] = static_cast<std::uint8_t>(*level);
        place = text.find_first_not_of(between, end);
    }
    if (count != table.size()) {
        throw wrong(path, fmt::format("{} numbers; there are 256 levels", count));
    }
    return table;
}

std::string in_words(const LevelTable& table) {
    if (table == straight_table()) {
        return "as they are";
    }
    constexpr std::size_t digits = 12;
    return "by the table " + to_hex(sha256_of(std::as_bytes(std::span(table)))).substr(0, digits);
}

} // namespace phyll::instruments
