#include "daemon/config/rules.hpp"
#include "tests/unit/config/settable.hpp"

#include <phyll/v1/run_spec.pb.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <vector>

using namespace phyll;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

/// Fails when a type contains itself, which defaults could not be applied to.
void check_ends(const Descriptor& type, std::set<const Descriptor*> above) {
    INFO(type.full_name() << " contains itself");
    REQUIRE(above.insert(&type).second);
    for (int i = 0; i < type.field_count(); ++i) {
        if (const Descriptor* inner = type.field(i)->message_type()) {
            check_ends(*inner, above);
        }
    }
}

std::vector<const FieldDescriptor*> fields_with_rules() {
    std::vector<const FieldDescriptor*> fields = settable_fields();
    std::erase_if(fields, [](const FieldDescriptor* field) {
        return !field->options().HasExtension(v1::rule);
    });
    return fields;
}

} // namespace

TEST_CASE("every default is a valid value of an optional field") {
    int defaults = 0;
    for (const FieldDescriptor* field : fields_with_rules()) {
        const std::string& text = config::rule_of(*field).default_();
        if (text.empty()) {
            continue;
        }
        INFO(field->full_name() << " = " << text);
        ++defaults;
        REQUIRE(field->has_optional_keyword());
        REQUIRE_FALSE(field->is_repeated());
        const auto value = config::parse_scalar(*field, text);
        REQUIRE(value.has_value());
        REQUIRE_FALSE(config::violation_of(*field, *value).has_value());
    }
    REQUIRE(defaults > 20);
}

TEST_CASE("no table contains itself") {
    for (const Descriptor* type : settable_types()) {
        check_ends(*type, {});
    }
}

TEST_CASE("every rule makes sense for its field") {
    for (const FieldDescriptor* field : fields_with_rules()) {
        INFO(field->full_name());
        const v1::FieldRule& rule = config::rule_of(*field);
        const bool is_text = field->type() == FieldDescriptor::TYPE_STRING;
        const bool is_number = !is_text && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE &&
                               field->cpp_type() != FieldDescriptor::CPPTYPE_BOOL;
        REQUIRE((is_text || rule.one_of().empty()));
        REQUIRE((is_number || !(rule.has_min() || rule.has_max() || rule.exclusive_min())));
        REQUIRE((rule.has_min() || !rule.exclusive_min()));
        REQUIRE((!rule.has_min() || !rule.has_max() || rule.min() < rule.max()));
        REQUIRE_FALSE((rule.required() && !rule.default_().empty()));
    }
}

TEST_CASE("the kinds that a field belongs to are kinds that its message can have") {
    int belonging = 0;
    for (const FieldDescriptor* field : fields_with_rules()) {
        const v1::FieldRule& rule = config::rule_of(*field);
        if (rule.of_kinds().empty()) {
            continue;
        }
        INFO(field->full_name());
        ++belonging;
        REQUIRE_FALSE(rule.required());
        const FieldDescriptor* kind = field->containing_type()->FindFieldByName("kind");
        REQUIRE(kind != nullptr);
        const auto& valid = config::rule_of(*kind).one_of();
        for (const std::string& name : rule.of_kinds()) {
            CHECK(std::ranges::find(valid, name) != valid.end());
        }
    }
    REQUIRE(belonging > 10);
}

TEST_CASE("texts are read as the field's type or not at all") {
    const auto& layer = *v1::LayerConfig::descriptor();
    const FieldDescriptor& width = *layer.FindFieldByName("width");
    const FieldDescriptor& skip = *layer.FindFieldByName("skip");
    REQUIRE(config::parse_scalar(width, "12") == config::Scalar(std::uint64_t{12}));
    REQUIRE_FALSE(config::parse_scalar(width, "12x").has_value());
    REQUIRE_FALSE(config::parse_scalar(width, "-1").has_value());
    REQUIRE_FALSE(config::parse_scalar(width, "").has_value());
    REQUIRE(config::parse_scalar(skip, "true") == config::Scalar(true));
    REQUIRE_FALSE(config::parse_scalar(skip, "yes").has_value());
}
