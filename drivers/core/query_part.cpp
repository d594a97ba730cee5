#include "drivers/core/query_part.hpp"

namespace phyll {

QueryPart::QueryPart(const QueryContext& whole, std::size_t first, std::size_t count)
    : raw_(whole.raw, first), context_(whole) {
    context_.number += first;
    context_.age += first;
    if (!context_.times.empty()) {
        context_.times = context_.times.subspan(first, count);
    }
    if (whole.raw != nullptr) {
        context_.raw = &raw_;
    }
}

bool QueryPart::Raw::wants(std::size_t sample) const {
    return whole_->wants(first_ + sample);
}

void QueryPart::Raw::keep(std::size_t sample, std::string_view type,
                          std::span<const std::byte> bytes) {
    whole_->keep(first_ + sample, type, bytes);
}

} // namespace phyll
