// What Session::encode throws where it is asked to refuse, rather than to shorten, a conversation that has more tokens than prompts may
// have.
#pragma once

#include "midillama/core/error.h"

namespace midillama::generate {

class TooLongError : public InputError {
 public:
  using InputError::InputError;
};

}  // namespace midillama::generate
