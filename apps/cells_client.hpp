// `skep cell ...`: questions to the running cells.
#pragma once

#include "base/result.hpp"

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace skep::apps {

/// Sends one request (see cell/broker_operator.hpp) and returns the rows of its answer.
/// Fault::refused with a sentence if the deployment does not run, or what the cells say against it.
Result<std::vector<boost::json::object>> ask_cells(const std::string& state,
                                                   const std::string& request);

/// For a subcommand whose only word is a cell: sends `verb CELL` and returns the exit status.
int tell_cell(const std::string& state,
              const std::string& verb,
              const std::vector<std::string>& words);

/// A text of a row as a terminal shows it harmlessly; a number as digits; empty without either.
std::string shown(const boost::json::object& row, std::string_view name);

} // namespace skep::apps
