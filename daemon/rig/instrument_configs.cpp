#include "daemon/rig/instrument_configs.hpp"

#include "daemon/rig/rig_factory.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/rigs/instrument_rig.hpp"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace phyll::rig {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const rigs::InstrumentRigKind* kind_of(const v1::RigConfig& rig) {
    const std::vector<rigs::InstrumentRigKind>& kinds = rigs::instrument_rig_kinds();
    const auto found = std::ranges::find(kinds, rig.kind(), &rigs::InstrumentRigKind::name);
    return found == kinds.end() ? nullptr : &*found;
}

std::unique_ptr<Message> options_of(const v1::RigConfig& rig, const rigs::InstrumentRigKind& kind) {
    std::unique_ptr<Message> options = kind.new_options();
    rig.options().UnpackTo(options.get()); // what is not of the kind is refused by the factory
    return options;
}

/// What the options say in fields of text, one of which may name an instrument.
std::set<std::string> texts_of(const Message& options) {
    std::set<std::string> texts;
    for (int i = 0; i < options.GetDescriptor()->field_count(); ++i) {
        const FieldDescriptor& field = *options.GetDescriptor()->field(i);
        if (field.type() != FieldDescriptor::TYPE_STRING) {
            continue;
        }
        const auto& reflection = *options.GetReflection();
        if (!field.is_repeated()) {
            texts.insert(reflection.GetString(options, &field));
            continue;
        }
        for (int k = 0; k < reflection.FieldSize(options, &field); ++k) {
            texts.insert(reflection.GetRepeatedString(options, &field, k));
        }
    }
    return texts;
}

/// Whether two fields mean the same where they are called the same.
bool agree(const FieldDescriptor& a, const FieldDescriptor& b) {
    return a.type() == b.type() && a.is_repeated() == b.is_repeated() &&
           a.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE &&
           a.cpp_type() != FieldDescriptor::CPPTYPE_ENUM;
}

/// Copies what both messages have.
void copy_what_agrees(const Message& from, Message& to) {
    // By way of JSON, which has the fields' names; the wire format has only their numbers.
    const std::unique_ptr<Message> both(from.New());
    both->CopyFrom(from);
    for (int i = 0; i < from.GetDescriptor()->field_count(); ++i) {
        const FieldDescriptor& field = *from.GetDescriptor()->field(i);
        const FieldDescriptor* target = to.GetDescriptor()->FindFieldByName(field.name());
        if (target == nullptr || !agree(field, *target)) {
            both->GetReflection()->ClearField(both.get(), &field);
        }
    }
    std::string text;
    const bool moved = google::protobuf::util::MessageToJsonString(*both, &text).ok() &&
                       google::protobuf::util::JsonStringToMessage(text, &to).ok();
    if (!moved) {
        throw Error(Code::internal,
                    fmt::format("{} does not become {}", from.GetTypeName(), to.GetTypeName()));
    }
}

} // namespace

std::shared_ptr<const instruments::Shelf> make_shelf(const InstrumentConfigs& configured,
                                                     const std::filesystem::path& lock_dir,
                                                     const Clock& clock,
                                                     instruments::ReadToml read) {
    std::vector<instruments::InstrumentSettings> settings;
    for (const v1::InstrumentConfig& instrument : configured) {
        settings.push_back({.name = instrument.name(),
                            .kind = instrument.kind(),
                            .address = instrument.address(),
                            .serial = instrument.serial(),
                            .dialect = instrument.dialect(),
                            .look_up_table = instrument.look_up_table(),
                            .is_virtual = instrument.virtual_(),
                            .timeout = Seconds(instrument.timeout()),
                            .line = {.baud = instrument.baud()}});
    }
    return std::make_shared<const instruments::Shelf>(std::move(settings), lock_dir, clock,
                                                      std::move(read));
}

std::vector<v1::InstrumentConfig> instruments_of(const v1::RigConfig& rig,
                                                 const InstrumentConfigs& configured) {
    std::vector<v1::InstrumentConfig> out;
    if (const rigs::InstrumentRigKind* kind = kind_of(rig)) {
        const std::set<std::string> named = texts_of(*options_of(rig, *kind));
        std::ranges::copy_if(configured, std::back_inserter(out), [&](const auto& instrument) {
            return named.contains(instrument.name());
        });
    }
    return out;
}

void check_instruments_are_used_once(const RigConfigs& rigs, const InstrumentConfigs& configured) {
    std::map<std::string, std::string> users;
    for (const v1::RigConfig& rig : rigs) {
        for (const v1::InstrumentConfig& instrument : instruments_of(rig, configured)) {
            const auto [user, is_new] = users.try_emplace(instrument.name(), rig.name());
            if (!is_new) {
                throw Error(Code::invalid_argument,
                            fmt::format("rig {}: options: rig {} is already made of the instrument "
                                        "{}; each belongs to one rig at most",
                                        in_quotes(rig.name()), in_quotes(user->second),
                                        in_quotes(instrument.name())));
            }
        }
    }
}

std::string simulation_name(const std::string& rig) {
    return rig + ":simulation";
}

std::optional<v1::RigConfig> simulation_of(const v1::RigConfig& rig) {
    const rigs::InstrumentRigKind* kind = kind_of(rig);
    if (kind == nullptr || kind->simulated_by.empty()) {
        return std::nullopt;
    }
    v1::RigConfig simulation;
    simulation.set_name(simulation_name(rig.name()));
    simulation.set_kind(kind->simulated_by);
    simulation.set_max_batch(rig.max_batch());
    const std::unique_ptr<Message> options = new_rig_options(kind->simulated_by);
    copy_what_agrees(*options_of(rig, *kind), *options);
    simulation.mutable_options()->PackFrom(*options);
    return simulation;
}

} // namespace phyll::rig
