import type { Component } from '@earendil-works/pi-tui';

/** What takes the place of the input for a while, and gets the keys meanwhile. */
export interface Panel extends Component {
  handleInput(data: string): void;
}
