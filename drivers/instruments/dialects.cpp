#include "drivers/instruments/dialects.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

namespace phyll::instruments {
namespace {

std::vector<std::string> names_of(const std::string& kind) {
    std::vector<std::string> names;
    for (const BuiltInDialect& dialect : built_in_dialects()) {
        if (dialect.kind == kind) {
            names.emplace_back(dialect.name);
        }
    }
    return names;
}

bool is_path(const std::string& name) {
    return name.find('/') != std::string::npos || name.ends_with(".toml");
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw invalid_field("dialect", fmt::format("cannot read {}: {}", in_quotes(path),
                                                   std::generic_category().message(errno)));
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether a dialect is for instruments whose answer to *IDN? begins as this one does.
bool is_for(const google::protobuf::Message& dialect, const std::string& answer) {
    const auto* field = dialect.GetDescriptor()->FindFieldByName("identities");
    const auto* reflection = dialect.GetReflection();
    for (int i = 0; i < reflection->FieldSize(dialect, field); ++i) {
        if (answer.starts_with(reflection->GetRepeatedString(dialect, field, i))) {
            return true;
        }
    }
    return false;
}

} // namespace

void read_dialect(const std::string& kind, const std::string& name, const ReadToml& read,
                  google::protobuf::Message& into) {
    if (is_path(name)) {
        read(content_of(name), name, into);
        return;
    }
    const auto all = built_in_dialects();
    const auto found = std::ranges::find_if(all, [&](const BuiltInDialect& dialect) {
        return dialect.kind == kind && dialect.name == name;
    });
    if (found == all.end()) {
        throw invalid_field("dialect",
                            fmt::format("{}; valid for a {} is {}, or the path of a file",
                                        in_quotes(name), kind, fmt::join(names_of(kind), ", ")));
    }
    read(found->text, std::string(found->name), into);
}

std::string choose_dialect(const std::string& kind, const Identity& identity, const ReadToml& read,
                           google::protobuf::Message& into) {
    const std::string answer = fmt::format("{},{},", identity.maker, identity.model);
    for (const std::string& name : names_of(kind)) {
        into.Clear();
        read_dialect(kind, name, read, into);
        if (is_for(into, answer)) {
            return name;
        }
    }
    throw Error(
        Code::failed_precondition,
        fmt::format("no dialect of a {} is known for a {}; the option dialect names one: {}, "
                    "or the path of a file",
                    kind, identity.in_words(), fmt::join(names_of(kind), ", ")));
}

} // namespace phyll::instruments
