#pragma once

#include "daemon/config/options.hpp"
#include "drivers/core/error.hpp"

#include <phyll/v1/config.pb.h>
#include <phyll/v1/run_spec.pb.h>

#include <google/protobuf/empty.pb.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Kinds whose options are messages that happen to exist: what a kind's options are is none of the
/// mapper's business.
class ToyKinds final : public phyll::config::OptionsResolver {
  public:
    [[nodiscard]] std::unique_ptr<google::protobuf::Message>
    make(const std::string& message_type, const std::string& kind) const override {
        const auto found = makers_.find({message_type, kind});
        return found == makers_.end() ? nullptr : found->second();
    }

    [[nodiscard]] std::vector<std::string> kinds(const std::string& message_type) const override {
        std::vector<std::string> names;
        for (const auto& [name, maker] : makers_) {
            if (name.first == message_type) {
                names.push_back(name.second);
            }
        }
        return names;
    }

  private:
    using Maker = std::function<std::unique_ptr<google::protobuf::Message>()>;

    std::map<std::pair<std::string, std::string>, Maker> makers_{
        {{"phyll.v1.RigConfig", "acoustic"}, std::make_unique<phyll::v1::Simulation>},
        {{"phyll.v1.RigConfig", "echo"}, std::make_unique<google::protobuf::Empty>},
        {{"phyll.v1.RigConfig", "toy"}, std::make_unique<phyll::v1::Encoding>},
        {{"phyll.v1.SchemeSpec", "phyll"}, std::make_unique<phyll::v1::TrainingSpec>},
        {{"phyll.v1.SchemeSpec", "toy"}, std::make_unique<phyll::v1::Encoding>},
    };
};

struct Outcome {
    std::string message; ///< empty: nothing was thrown
    std::vector<phyll::FieldViolation> violations;
};

/// What the one error says that `action` throws; it is always INVALID_ARGUMENT.
template <class Action>
Outcome outcome_of(Action&& action) {
    try {
        action();
        return {};
    } catch (const phyll::Error& error) {
        return error.code() == phyll::Code::invalid_argument
                   ? Outcome{error.what(), error.violations()}
                   : Outcome{"not INVALID_ARGUMENT: " + std::string(error.what()), {}};
    }
}
