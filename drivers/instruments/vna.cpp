#include "drivers/instruments/vna.hpp"

namespace phyll::instruments {

std::string_view name_of(SParameter parameter) noexcept {
    switch (parameter) {
    case SParameter::s11:
        return "S11";
    case SParameter::s21:
        return "S21";
    case SParameter::s12:
        return "S12";
    case SParameter::s22:
        break;
    }
    return "S22";
}

Hertz VnaSetup::frequency(std::size_t point) const noexcept {
    const double share =
        points > 1 ? static_cast<double>(point) / static_cast<double>(points - 1) : 0.0;
    return {start.value + share * (stop.value - start.value)};
}

} // namespace phyll::instruments
