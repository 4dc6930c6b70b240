# Rscript recipe.R
# Domain estimates of R survey on input.csv: 3 strata, 4 villages each, households within.
suppressPackageStartupMessages(library(survey))
rows <- read.csv("input.csv")
rows$villages <- c(40, 25, 60)[rows$stratum]
plain <- svydesign(id = ~village, strata = ~stratum, weights = ~w, data = rows)
corrected <- svydesign(
  id = ~village, strata = ~stratum, weights = ~w, fpc = ~villages, data = rows
)
num <- function(x) paste0(sprintf("%.15g", as.vector(x)), collapse = ", ")
field <- function(name, x) {
  values <- num(x)
  if (length(x) > 1) values <- paste0("[", values, "]")
  paste0("\"", name, "\": ", values)
}
block <- function(name, lines) paste0("\"", name, "\": {", paste(lines, collapse = ", "), "}")
one <- function(status) {
  part <- subset(plain, filed == status)
  mean <- svymean(~poor, part, deff = TRUE)
  again <- svymean(~poor, part, deff = "replace")
  total <- svytotal(~poor, part)
  # The interval takes the degrees of freedom of the domain.
  beta <- svyciprop(~poor, part, method = "beta", df = degf(part))
  persons <- svyratio(~I(poor * persons), ~persons, part)
  closed <- svymean(~poor, subset(corrected, filed == status))
  block(status, c(
    field("proportion", coef(mean)), field("std_error", SE(mean)),
    field("deff_without_replacement", deff(mean)), field("deff_with_replacement", deff(again)),
    field("total", c(coef(total), SE(total))), field("uncapped", attr(beta, "ci")),
    field("persons", c(coef(persons), SE(persons))), field("df", degf(part)),
    field("std_error_fpc", SE(closed))
  ))
}
lonely <- function(policy) {
  options(survey.lonely.psu = policy)
  few <- svydesign(
    id = ~village, strata = ~stratum, weights = ~w,
    data = rows[rows$stratum != 1 | rows$village == min(rows$village), ]
  )
  field(policy, SE(svymean(~poor, few)))
}
policies <- sapply(c("adjust", "average", "certainty", "remove"), lonely)
cat("{", paste(c(sapply(c("exit", "unreg"), one), block("lonely", policies)), collapse = ", "), "}\n")
