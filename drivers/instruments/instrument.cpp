#include "drivers/instruments/instrument.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <array>

namespace phyll::instruments {
std::string Identity::in_words() const {
    return fmt::format("{} {}, serial {}", maker, model, serial.empty() ? "unknown" : serial);
}

Identity parse_identity(std::string_view answer) {
    std::array<std::string, 4> fields;
    std::string_view rest = answer;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t end = i + 1 < fields.size() ? rest.find(',') : std::string_view::npos;
        if (end == std::string_view::npos && i + 1 < fields.size()) {
            throw Error(Code::data_loss,
                        fmt::format("{} is no answer to *IDN?, which has maker, model, serial "
                                    "number and firmware",
                                    in_quotes(answer)));
        }
        fields[i] = utf8(trimmed(rest.substr(0, end)));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return {.maker = fields[0], .model = fields[1], .serial = fields[2], .firmware = fields[3]};
}

} // namespace phyll::instruments
