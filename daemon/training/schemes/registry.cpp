#include "daemon/training/schemes/registry.hpp"

#include "daemon/training/schemes/infonce/infonce.pb.h"
#include "daemon/training/schemes/infonce/infonce_scheme.hpp"
#include "daemon/training/schemes/infonce/trained_infonce.hpp"
#include "daemon/training/schemes/local/trained_local.hpp"
#include "daemon/training/schemes/phyll/phyll.pb.h"
#include "daemon/training/schemes/phyll/phyll_scheme.hpp"
#include "daemon/training/schemes/prototypes/prototypes.pb.h"
#include "daemon/training/schemes/prototypes/prototypes_scheme.hpp"
#include "daemon/training/schemes/read_out/read_out.pb.h"
#include "daemon/training/schemes/read_out/read_out_scheme.hpp"
#include "daemon/training/schemes/read_out/trained_read_out.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

namespace phyll::training {
namespace {

/// The options of a kind; `options` are of some kind.
template <class Options>
const Options& as(const google::protobuf::Message& options) {
    if (options.GetDescriptor() != Options::descriptor()) {
        throw invalid_field("scheme.options",
                            fmt::format("a {}; a {} is needed", options.GetTypeName(),
                                        Options::descriptor()->full_name()));
    }
    return static_cast<const Options&>(options);
}

template <class Options, class Make, class Restore>
SchemeKind kind(const char* name, const char* about, Make make, Restore restore) {
    return {
        .name = name,
        .about = about,
        .new_options = [] { return std::make_unique<Options>(); },
        .make = [make](const SchemeJob& job) -> std::unique_ptr<Scheme> {
            return make(job, as<Options>(job.options));
        },
        .restore = [restore](const TrainedJob& job) -> std::unique_ptr<TrainedNetwork> {
            return restore(job, as<Options>(job.options));
        },
    };
}

/// A LocalScheme; `Trained` is how its networks judge.
template <class Options, class Local, class Trained = TrainedLocal>
SchemeKind local(const char* name, const char* about) {
    return kind<Options>(
        name, about,
        [](const SchemeJob& job, const Options& options) {
            return std::make_unique<Local>(job, options);
        },
        [](const TrainedJob& job, const Options& options) {
            return trained_local<Trained>(job, options, &Local::settings_of);
        });
}

SchemeKind read_out(const char* name, const char* about, ReadOutKind which) {
    return kind<v1::ReadOutOptions>(
        name, about,
        [which](const SchemeJob& job, const v1::ReadOutOptions& options) {
            return std::make_unique<ReadOutScheme>(job, which, options);
        },
        [](const TrainedJob& job, const v1::ReadOutOptions&) {
            return std::make_unique<TrainedReadOut>(job);
        });
}

} // namespace

const std::vector<SchemeKind>& scheme_kinds() {
    static const std::vector<SchemeKind> kinds{
        local<v1::PhyllOptions, PhyllScheme>(
            "phyll", "supervised physical local learning, the label in the input"),
        local<v1::PrototypesOptions, PrototypesScheme>(
            "prototypes", "physical local learning, a direction for each class"),
        local<v1::InfonceOptions, InfonceScheme, TrainedInfonce>(
            "infonce", "unsupervised physical local learning, then a linear read-out"),
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
