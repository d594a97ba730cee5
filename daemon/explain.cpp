#include "explain.hpp"

#include "daemon.hpp"
#include "daemon/config/reference.hpp"
#include "drivers/instruments/dialect.pb.h"

#include <string_view>

namespace phyll {
namespace {

constexpr std::string_view more =
    "\n"
    "phylld --explain TOPIC says what there is to set. TOPIC can also be a key (epochs,\n"
    "rigs.simulation.noise) or \"all\".\n";

void write(const std::vector<config::Topic>& topics, bool markdown, std::ostream& out) {
    std::string_view separator;
    for (const config::Topic& topic : topics) {
        out << separator << (markdown ? config::markdown_of(topic) : config::text_of(topic));
        separator = markdown ? "\n" : "\n\n";
    }
}

/// The files of instruments' languages, beside the configuration and run files.
std::vector<config::FileType> dialects() {
    return {{"a dialect of generators", "generator-dialect",
             instruments::v1::GeneratorDialect::descriptor()},
            {"a dialect of digitisers", "digitiser-dialect",
             instruments::v1::DigitiserDialect::descriptor()},
            {"a dialect of vector network analysers", "vna-dialect",
             instruments::v1::VnaDialect::descriptor()}};
}

} // namespace

void explain(const std::string& what, bool markdown, std::ostream& out) {
    const config::Comments comments(config::embedded_protos());
    const std::vector<config::Topic> topics =
        config::reference(comments, *known_options(), dialects());
    if (what.empty() && !markdown) {
        out << config::text_list(topics) << more;
    } else if (!what.empty() && what != "all") {
        write(config::topics_about(what, topics), markdown, out);
    } else if (markdown) {
        out << config::markdown_manual(topics);
    } else {
        write(topics, markdown, out);
    }
}

} // namespace phyll
