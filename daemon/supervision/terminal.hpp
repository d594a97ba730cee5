#pragma once

namespace phyll::supervision {

/// Whether this process has a terminal that it could be ended from: started by hand it has one
/// until that is closed, as a service it never has.
[[nodiscard]] bool has_terminal();

} // namespace phyll::supervision
