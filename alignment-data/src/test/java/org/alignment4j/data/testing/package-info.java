/** What tests of this module and of others use. */
@NullMarked
package org.alignment4j.data.testing;

import org.jspecify.annotations.NullMarked;
