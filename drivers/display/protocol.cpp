#include "drivers/display/protocol.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace phyll::display {
namespace {

constexpr std::uint32_t most_pixels_a_side = 16'384;

} // namespace

std::string to_content(const Description& description) {
    return fmt::format("{} {}\n{}\n{}\n{}\n{}\n", description.width, description.height,
                       in_one_line(description.maker), in_one_line(description.model),
                       in_one_line(description.serial), in_one_line(description.version));
}

Description description_from(std::span<const std::byte> content) {
    std::istringstream text(text_of(content));
    Description description;
    std::string rest;
    text >> description.width >> description.height;
    std::getline(text, rest);
    std::getline(text, description.maker);
    std::getline(text, description.model);
    std::getline(text, description.serial);
    std::getline(text, description.version);
    const std::uint32_t longest = std::max(description.width, description.height);
    if (!text || !rest.empty() || description.pixels() == 0 || longest > most_pixels_a_side) {
        throw Error(Code::data_loss, "what the display says of itself makes no sense");
    }
    return description;
}

} // namespace phyll::display
