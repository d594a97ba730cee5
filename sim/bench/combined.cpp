#include "sim/bench/combined.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace phyll::bench {
namespace {

using Plans = std::vector<std::unique_ptr<Plan>>;

class CombinedEquipment final : public Equipment {
  public:
    CombinedEquipment(const Plans& plans, Loop& loop, const std::vector<Site>& sites) {
        auto first = sites.begin();
        for (const std::unique_ptr<Plan>& plan : plans) {
            const auto end = first + static_cast<std::ptrdiff_t>(plan->places().size());
            parts_.push_back(plan->build(loop, {first, end}));
            first = end;
        }
    }

    [[nodiscard]] std::vector<Instrument*> instruments() override {
        std::vector<Instrument*> all;
        for (const std::unique_ptr<Equipment>& part : parts_) {
            std::ranges::copy(part->instruments(), std::back_inserter(all));
        }
        return all;
    }
    [[nodiscard]] std::string config(const std::vector<std::string>& addresses) const override {
        std::string all;
        auto first = addresses.begin();
        for (const std::unique_ptr<Equipment>& part : parts_) {
            const auto end = first + static_cast<std::ptrdiff_t>(part->instruments().size());
            all += (all.empty() ? "" : "\n") + part->config({first, end});
            first = end;
        }
        return all;
    }

    [[nodiscard]] Environment environment() const override {
        Environment all;
        for (const std::unique_ptr<Equipment>& part : parts_) {
            std::ranges::copy(part->environment(), std::back_inserter(all));
        }
        return all;
    }

  private:
    std::vector<std::unique_ptr<Equipment>> parts_;
};

class CombinedPlan final : public Plan {
  public:
    explicit CombinedPlan(Plans plans) : plans_(std::move(plans)) {}

    /// All of them were told the same.
    [[nodiscard]] Seconds transfer_time() const override { return plans_.front()->transfer_time(); }
    [[nodiscard]] std::vector<Place> places() const override {
        std::vector<Place> all;
        for (const std::unique_ptr<Plan>& plan : plans_) {
            std::ranges::move(plan->places(), std::back_inserter(all));
        }
        return all;
    }
    [[nodiscard]] std::unique_ptr<Equipment> build(Loop& loop,
                                                   const std::vector<Site>& sites) const override {
        return std::make_unique<CombinedEquipment>(plans_, loop, sites);
    }

  private:
    Plans plans_;
};

class CombinedCommandLine final : public BenchCommandLine {
  public:
    explicit CombinedCommandLine(const std::vector<BenchKind>& kinds) {
        for (const BenchKind& kind : kinds) {
            parts_.push_back(kind.command_line());
        }
    }

    void add_options(CLI::App& app) override {
        for (const std::unique_ptr<BenchCommandLine>& part : parts_) {
            part->add_options(app);
        }
    }
    [[nodiscard]] std::unique_ptr<Plan> plan() const override {
        Plans plans;
        for (const std::unique_ptr<BenchCommandLine>& part : parts_) {
            plans.push_back(part->plan());
        }
        return std::make_unique<CombinedPlan>(std::move(plans));
    }

  private:
    std::vector<std::unique_ptr<BenchCommandLine>> parts_;
};

} // namespace

BenchKind combined_bench(std::string name, std::vector<BenchKind> kinds) {
    return {.name = std::move(name),
            .about = "all of them side by side",
            .command_line = [kinds = std::move(kinds)] {
                return std::make_unique<CombinedCommandLine>(kinds);
            }};
}

} // namespace phyll::bench
