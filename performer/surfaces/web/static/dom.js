// Small helpers to make elements; everything that is shown is text, never markup.

export function make(tag, className = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export function put(parent, ...children) {
  parent.append(...children);
  return parent;
}

// Writes only what is new: a text that stays the same costs no layout.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function button(className, text, label, press) {
  const element = make("button", className, text, { type: "button", "aria-label": label, title: label });
  element.addEventListener("click", press);
  element.addEventListener("mousedown", (event) => event.preventDefault());
  return element;
}
