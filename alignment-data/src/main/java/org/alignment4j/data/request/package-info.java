/**
 * Chat models, local or remote, behind one small interface, and the store of their answers, so that
 * no request is paid for twice.
 */
@NullMarked
package org.alignment4j.data.request;

import org.jspecify.annotations.NullMarked;
