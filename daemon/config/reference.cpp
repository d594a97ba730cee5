#include "daemon/config/reference.hpp"

#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"
#include "daemon/config/rules.hpp"
#include "daemon/config/scalars.hpp"
#include "drivers/core/error.hpp"

#include <phyll/v1/config.pb.h>
#include <phyll/v1/run_spec.pb.h>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace phyll::config {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

bool is_table(const FieldDescriptor& field) {
    return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

/// What one value is called, and several of them.
std::pair<std::string_view, std::string_view> names_of_type(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
        return {"true or false", "true and false"};
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
        return {"whole number", "whole numbers"};
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return {"number", "numbers"};
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_STRING:
        return {"text", "texts"};
    case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    return {"table", "tables"};
}

std::string type_in_words(const FieldDescriptor& field) {
    const auto [one, many] = names_of_type(field);
    return field.is_repeated() ? fmt::format("list of {}", many) : std::string(one);
}

bool is_text(const FieldDescriptor& field) {
    return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ||
           field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
}

std::string in_quotes(std::string_view text) {
    return fmt::format("\"{}\"", text);
}

/// The default as it is written in a file.
std::string default_of(const FieldDescriptor& field) {
    const std::string& text = rule_of(field).default_();
    return text.empty() || !is_text(field) ? text : in_quotes(text);
}

std::vector<std::string> choices_of(const FieldDescriptor& field) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        return enum_names(*field.enum_type());
    }
    const auto& one_of = rule_of(field).one_of();
    return {one_of.begin(), one_of.end()};
}

/// "rigs[].simulation" begins with "[rigs.simulation]", "rigs[]" with "[[rigs]]".
std::string head_of_table(std::string path) {
    static constexpr std::string_view mark = "[]";
    const bool is_list = path.ends_with(mark);
    for (std::size_t at = path.find(mark); at != std::string::npos; at = path.find(mark)) {
        path.erase(at, mark.size());
    }
    return is_list ? fmt::format("[[{}]]", path) : fmt::format("[{}]", path);
}

/// Walks through the messages of one file and writes their topics down.
class Author {
  public:
    Author(std::string file, const Comments& comments, const OptionsResolver& resolver,
           std::vector<Topic>& topics)
        : file_(std::move(file)), comments_(comments), resolver_(resolver), topics_(topics) {}

    void write_top(const Descriptor& type, const std::string& name) {
        topics_.push_back({name, file_, "", "", comments_.of(type), {}});
        write_keys(type, "");
    }

  private:
    void write_keys(const Descriptor& type, const std::string& path);
    void write_table(const FieldDescriptor& field, const std::string& path);
    void write_kinds(const Descriptor& type, const std::string& path);
    void add_options(Topic& topic, const Descriptor& type, const std::string& path,
                     const std::string& name);
    [[nodiscard]] Key key_of(const FieldDescriptor& field, const std::string& path) const;
    [[nodiscard]] std::string about_key(const FieldDescriptor& field) const;

    std::string file_;
    const Comments& comments_;
    const OptionsResolver& resolver_;
    std::vector<Topic>& topics_;
};

/// Adds the keys of a message to the last topic, then the topics of the tables in it.
void Author::write_keys(const Descriptor& type, const std::string& path) {
    const auto kind = kind_fields(type);
    std::vector<Key> keys;
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        Key key = key_of(field, path);
        if (kind && &field == kind->kind) {
            key.choices = resolver_.kinds(type.full_name());
        } else if (kind && &field == kind->options) {
            key.topics = resolver_.kinds(type.full_name());
        } else if (is_table(field)) {
            key.topics = {field.name()};
        }
        keys.push_back(std::move(key));
    }
    topics_.back().keys = keys;
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        const std::string& field_path = keys[static_cast<std::size_t>(i)].path;
        if (kind && &field == kind->options) {
            write_kinds(type, field_path);
        } else if (is_table(field)) {
            write_table(field, field_path + (field.is_repeated() ? "[]" : ""));
        }
    }
}

void Author::write_table(const FieldDescriptor& field, const std::string& path) {
    const Descriptor& type = *field.message_type();
    const std::string about = comments_.of(type);
    topics_.push_back({field.name(),
                       file_,
                       head_of_table(path),
                       "",
                       about.empty() ? comments_.of(field) : about,
                       {}});
    write_keys(type, path);
}

void Author::write_kinds(const Descriptor& type, const std::string& path) {
    for (const std::string& kind : resolver_.kinds(type.full_name())) {
        const std::unique_ptr<Message> options = resolver_.make(type.full_name(), kind);
        const Descriptor& options_type = *options->GetDescriptor();
        Topic topic{kind, file_, head_of_table(path), kind, "", {}};
        if (options_type.field_count() > 0) {
            topic.about = comments_.of(options_type);
            add_options(topic, options_type, path, "");
        }
        topics_.push_back(std::move(topic));
    }
}

void Author::add_options(Topic& topic, const Descriptor& type, const std::string& path,
                         const std::string& name) {
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        Key key = key_of(field, path);
        key.name = member_path(name, field.name());
        topic.keys.push_back(key);
        if (is_table(field)) {
            const std::string mark = field.is_repeated() ? "[]" : "";
            add_options(topic, *field.message_type(), key.path + mark, key.name + mark);
        }
    }
}

Key Author::key_of(const FieldDescriptor& field, const std::string& path) const {
    return {.name = field.name(),
            .path = member_path(path, field.name()),
            .type = type_in_words(field),
            .range = range_in_words(field),
            .unit = rule_of(field).unit(),
            .choices = choices_of(field),
            .default_value = default_of(field),
            .required = rule_of(field).required(),
            .topics = {},
            .about = about_key(field)};
}

std::string Author::about_key(const FieldDescriptor& field) const {
    std::string about = comments_.of(field);
    if (rule_of(field).reloadable()) {
        about += "\nA reload of the configuration (SIGHUP) takes a change over.";
    }
    return about;
}

/// A path without the numbers of entries: "rigs[].name", "rigs[0].name" and "rigs.0.name" are all
/// "rigs.name".
std::string without_entries(std::string_view path) {
    const auto is_number = [](std::string_view part) {
        return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    std::string plain;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('.'), path.size());
        const std::string_view part = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (!is_number(part)) {
            plain = member_path(plain, part.substr(0, part.find('[')));
        }
    }
    return plain;
}

/// The topics that have a key of that name or path, each with only that.
std::vector<Topic> topics_with_key(const std::string& what, const std::vector<Topic>& topics) {
    const std::string path = without_entries(what);
    std::vector<Topic> found;
    for (Topic topic : topics) {
        std::erase_if(topic.keys, [&](const Key& key) {
            return key.name != what && without_entries(key.path) != path;
        });
        if (!topic.keys.empty()) {
            found.push_back(std::move(topic));
        }
    }
    return found;
}

/// Says what `what` may have been meant to be.
[[noreturn]] void throw_nothing_about(const std::string& what, const std::vector<Topic>& topics) {
    std::vector<std::string> names;
    std::vector<std::string> keys;
    for (const Topic& topic : topics) {
        if (std::ranges::find(names, topic.name) == names.end()) {
            names.push_back(topic.name);
        }
        std::ranges::transform(topic.keys, std::back_inserter(keys), &Key::name);
    }
    const std::string* meant = nearest(what, names);
    if (meant == nullptr) {
        meant = nearest(what, keys);
    }
    throw Error(Code::not_found,
                fmt::format("no topic and no key is called {}; ", quoted(what)) +
                    (meant != nullptr ? fmt::format("did you mean {}?", quoted(*meant))
                                      : "topics are " + listed(names)));
}

} // namespace

std::vector<Topic> reference(const Comments& comments, const OptionsResolver& resolver,
                             const std::vector<FileType>& more) {
    std::vector<Topic> topics;
    Author("the configuration", comments, resolver, topics)
        .write_top(*v1::DaemonConfig::descriptor(), "configuration");
    Author("a run file", comments, resolver, topics).write_top(*v1::RunSpec::descriptor(), "run");
    for (const FileType& type : more) {
        Author(type.file, comments, resolver, topics).write_top(*type.type, type.topic);
    }
    return topics;
}

std::vector<Topic> topics_about(const std::string& what, const std::vector<Topic>& topics) {
    std::vector<Topic> found;
    std::ranges::copy_if(topics, std::back_inserter(found),
                         [&](const Topic& topic) { return topic.name == what; });
    if (found.empty()) {
        found = topics_with_key(what, topics);
    }
    if (found.empty()) {
        throw_nothing_about(what, topics);
    }
    return found;
}

std::string value_in_words(const Key& key) {
    std::string words = key.type;
    if (!key.choices.empty()) {
        std::vector<std::string> choices;
        std::ranges::transform(key.choices, std::back_inserter(choices), in_quotes);
        words += fmt::format(": {}", fmt::join(choices, ", "));
    }
    if (!key.range.empty()) {
        words += ", " + key.range;
    }
    if (!key.unit.empty()) {
        words += (key.range.empty() ? ", in " : " ") + key.unit;
    }
    return words;
}

} // namespace phyll::config
