// Runs before the first paint, so that a chosen theme does not flash in the other one.
(function () {
  try {
    var theme = localStorage.getItem('skep.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (e) {
    // Storage may be forbidden: the system's preference applies.
  }
})();
