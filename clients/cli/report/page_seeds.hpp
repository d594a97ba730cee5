#pragma once

#include <phyll/v1/groups.pb.h>
#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What runs that differ in their seeds alone say together, as markup.
namespace phyll::cli {

/// The members of a variant, by rising seed.
[[nodiscard]] std::vector<const v1::RunInfo*> members_in(const v1::GroupReply& group,
                                                         const v1::GroupVariant& variant);
/// The test accuracy of a member, or of its control of that kind; nothing where it was not
/// measured.
[[nodiscard]] std::optional<double> test_of(const v1::RunInfo& member,
                                            const std::string& control = {});
/// Mean, spread and interval, and those of the controls with the difference to them.
[[nodiscard]] std::string seeds_table(const v1::GroupVariant& variant);
/// A dot for each seed, and for its physics-only and no-physics controls; `own` is marked.
[[nodiscard]] std::string seeds_figure(const v1::GroupReply& group, const v1::GroupVariant& variant,
                                       std::optional<std::uint64_t> own = {});
/// Of a sweep, a row for each variant; `own` stands out.
[[nodiscard]] std::string variants_table(const v1::GroupReply& group,
                                         const v1::GroupVariant* own = nullptr);

} // namespace phyll::cli
