#include "daemon/training/schemes/registry.hpp"

#include "daemon/training/schemes/phyll/phyll.pb.h"
#include "daemon/training/schemes/phyll/phyll_scheme.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

namespace phyll::training {
namespace {

template <class Implementation, class Options>
SchemeKind kind(const char* name, const char* about) {
    return {
        .name = name,
        .about = about,
        .new_options = [] { return std::make_unique<Options>(); },
        .make = [](const SchemeJob& job) -> std::unique_ptr<Scheme> {
            if (job.options.GetDescriptor() != Options::descriptor()) {
                throw invalid_field("scheme.options",
                                    fmt::format("a {}; a {} is needed", job.options.GetTypeName(),
                                                Options::descriptor()->full_name()));
            }
            return std::make_unique<Implementation>(job, static_cast<const Options&>(job.options));
        },
    };
}

} // namespace

const std::vector<SchemeKind>& scheme_kinds() {
    static const std::vector<SchemeKind> kinds{
        kind<PhyllScheme, v1::PhyllOptions>(
            "phyll", "supervised physical local learning, the label in the input"),
    };
    return kinds;
}

const SchemeKind& scheme_kind(std::string_view name) {
    std::string known;
    for (const SchemeKind& candidate : scheme_kinds()) {
        if (candidate.name == name) {
            return candidate;
        }
        known += (known.empty() ? "'" : ", '") + candidate.name + "'";
    }
    throw invalid_field("scheme.kind", fmt::format("{}; valid is {}", in_quotes(name), known));
}

} // namespace phyll::training
