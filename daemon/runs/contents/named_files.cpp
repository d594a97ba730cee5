#include "daemon/runs/contents/named_files.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/hex.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <phyll/v1/annotations.pb.h>

#include <algorithm>
#include <iterator>
#include <span>

namespace phyll::runs {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void add_data_files(const Message& message, std::set<std::string>& names) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> given;
    reflection.ListFields(message, &given);
    for (const FieldDescriptor* one : given) {
        if (one->options().GetExtension(v1::rule).data_file()) {
            names.insert(reflection.GetString(message, one));
        } else if (one->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !one->is_repeated()) {
            add_data_files(reflection.GetMessage(message, one), names);
        } else if (one->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            for (int i = 0; i < reflection.FieldSize(message, one); ++i) {
                add_data_files(reflection.GetRepeatedMessage(message, one, i), names);
            }
        }
    }
}

} // namespace

std::set<std::string> data_files_of(const v1::RunSpec& spec) {
    std::set<std::string> names;
    add_data_files(spec, names);
    return names;
}

void check_files(const NamedFiles& files, const std::set<std::string>& names) {
    std::set<std::string> seen;
    for (int i = 0; i < files.size(); ++i) {
        const std::string file = fmt::format("files[{}]", i);
        const std::string& name = files[i].name();
        static_cast<void>(hash_in_hex(files[i].sha256(), file + ".sha256"));
        if (!names.contains(name)) {
            throw invalid_field(
                file + ".name",
                fmt::format("{}; the run file names no such data file", in_quotes(name)));
        }
        if (!seen.insert(name).second) {
            throw invalid_field(file + ".name", fmt::format("{} is there twice", in_quotes(name)));
        }
    }
}

NamedFiles files_of(const v1::RunSpec& spec, const NamedFiles& files) {
    const std::set<std::string> names = data_files_of(spec);
    NamedFiles out;
    for (const v1::NamedFile& file : files) {
        if (names.contains(file.name())) {
            *out.Add() = file;
        }
    }
    return out;
}

std::string hash_in_hex(const std::string& sha256, const std::string& field) {
    Sha256Digest digest{};
    if (sha256.size() != digest.size()) {
        throw invalid_field(
            field, fmt::format("{} bytes; a SHA-256 has {}", sha256.size(), digest.size()));
    }
    std::ranges::copy(sha256, digest.begin());
    return to_hex(digest);
}

std::string hash_on_wire(const std::string& hex) {
    std::string bytes(hex.size() / 2, '\0');
    static_cast<void>(from_hex(hex, std::as_writable_bytes(std::span(bytes)))); // of hash_in_hex
    return bytes;
}

} // namespace phyll::runs
