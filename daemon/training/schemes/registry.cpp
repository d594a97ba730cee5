#include "daemon/training/schemes/registry.hpp"

#include "daemon/training/schemes/phyll/phyll.pb.h"
#include "daemon/training/schemes/phyll/phyll_scheme.hpp"
#include "daemon/training/schemes/prototypes/prototypes.pb.h"
#include "daemon/training/schemes/prototypes/prototypes_scheme.hpp"
#include "daemon/training/schemes/read_out/read_out.pb.h"
#include "daemon/training/schemes/read_out/read_out_scheme.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

namespace phyll::training {
namespace {

template <class Options, class Make>
SchemeKind kind(const char* name, const char* about, Make make) {
    return {
        .name = name,
        .about = about,
        .new_options = [] { return std::make_unique<Options>(); },
        .make = [make](const SchemeJob& job) -> std::unique_ptr<Scheme> {
            if (job.options.GetDescriptor() != Options::descriptor()) {
                throw invalid_field("scheme.options",
                                    fmt::format("a {}; a {} is needed", job.options.GetTypeName(),
                                                Options::descriptor()->full_name()));
            }
            return make(job, static_cast<const Options&>(job.options));
        },
    };
}

SchemeKind read_out(const char* name, const char* about, ReadOutKind which) {
    return kind<v1::ReadOutOptions>(
        name, about, [which](const SchemeJob& job, const v1::ReadOutOptions& options) {
            return std::make_unique<ReadOutScheme>(job, which, options);
        });
}

} // namespace

const std::vector<SchemeKind>& scheme_kinds() {
    static const std::vector<SchemeKind> kinds{
        kind<v1::PhyllOptions>("phyll",
                               "supervised physical local learning, the label in the input",
                               [](const SchemeJob& job, const v1::PhyllOptions& options) {
                                   return std::make_unique<PhyllScheme>(job, options);
                               }),
        kind<v1::PrototypesOptions>("prototypes",
                                    "physical local learning, a direction for each class",
                                    [](const SchemeJob& job, const v1::PrototypesOptions& options) {
                                        return std::make_unique<PrototypesScheme>(job, options);
                                    }),
        read_out("ridge", "linear read-out of one layer by least squares", ReadOutKind::ridge),
        read_out("softmax", "linear read-out of one layer by logistic regression",
                 ReadOutKind::softmax),
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
