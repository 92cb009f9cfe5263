"""Writes optax-rounds.json: 20 rounds of each update rule by optax 0.2.8 in double precision.

    pip install optax==0.2.8 && python optax_rounds.py > optax-rounds.json

The rules are optax's, with the exceptions that UpdateRule documents: AdaGrad divides as PyTorch does, by the root of
optax's accumulator plus epsilon, and RMSProp has eps_in_sqrt = False. Rates differ from round to round. One parameter never
has a gradient, one has gradients near Adam's epsilon, and one has gradients in some rounds only.
"""
import json

import jax
import jax.numpy as jnp
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)
ROUNDS = 20
random = np.random.default_rng(16)
theta = random.normal(size=8)
gradients = random.normal(size=(ROUNDS, 8)) * np.array([1, 1, 10, 0.1, 1e-3, 3e-8, 0, 1])
gradients[:, 7] *= np.arange(ROUNDS) % 4 == 3
gradients[2, 0] = 0.0
rates = 0.1 * (1 - np.arange(ROUNDS) / 40)


def adagrad(epsilon):
    accumulator = optax.scale_by_rss(initial_accumulator_value=0.0, eps=0.0)

    def update(gradient, state, params=None):
        _, state = accumulator.update(gradient, state, params)
        root = jnp.sqrt(state.sum_of_squares)
        return gradient / (root + epsilon), state

    return optax.GradientTransformation(accumulator.init, update)


def radam(beta1, beta2, epsilon):
    return optax.scale_by_radam(b1=beta1, b2=beta2, eps=epsilon)


def case(name, step, decay=0.0, explicit_decay=False, **coefficients):
    """step: optax's transformation without learning rate; its result is a direction to subtract times the rate."""
    transformation = optax.chain(step, optax.add_decayed_weights(decay)) if decay else step
    params = jnp.asarray(theta)
    state = transformation.init(params)
    thetas = []
    for gradient, rate in zip(gradients, rates):
        update, state = transformation.update(jnp.asarray(gradient), state, params)
        params = optax.apply_updates(params, -rate * update)
        thetas.append(params.tolist())
    return {
        "name": name,
        "coefficients": coefficients,
        "weight-decay": decay if explicit_decay else None,
        "thetas": thetas,
    }


def whole(name, optimizer, **coefficients):
    """optimizer: optax's own, of a learning rate schedule, with its default weight decay if it has one."""
    transformation = optimizer(lambda count: jnp.asarray(rates)[count])
    params = jnp.asarray(theta)
    state = transformation.init(params)
    thetas = []
    for gradient in gradients:
        update, state = transformation.update(jnp.asarray(gradient), state, params)
        params = optax.apply_updates(params, update)
        thetas.append(params.tolist())
    return {"name": name, "coefficients": coefficients, "weight-decay": None, "thetas": thetas}


b = dict(beta1=0.8, beta2=0.95, epsilon=1e-6)
o = dict(b1=0.8, b2=0.95, eps=1e-6)
cases = [
    whole("sgd", lambda rate: optax.sgd(rate)),
    whole("momentum", lambda rate: optax.sgd(rate, momentum=0.9)),
    whole("nesterovs", lambda rate: optax.sgd(rate, momentum=0.9, nesterov=True)),
    whole("adam", lambda rate: optax.adam(rate)),
    whole("adamw", lambda rate: optax.adamw(rate, weight_decay=0.01)),
    whole("adamax", lambda rate: optax.adamax(rate)),
    whole("nadam", lambda rate: optax.nadam(rate)),
    whole("amsgrad", lambda rate: optax.amsgrad(rate)),
    case("adagrad", adagrad(1e-10)),
    whole("rmsprop", lambda rate: optax.rmsprop(rate, decay=0.99, eps=1e-8, eps_in_sqrt=False)),
    whole("adadelta", lambda rate: optax.adadelta(rate, rho=0.9, eps=1e-6)),
    whole("lion", lambda rate: optax.lion(rate)),
    whole("radam", lambda rate: optax.radam(rate)),
    whole("momentum", lambda rate: optax.sgd(rate, momentum=0.5), momentum=0.5),
    whole("nesterovs", lambda rate: optax.sgd(rate, momentum=0.5, nesterov=True), momentum=0.5),
    whole("adam", lambda rate: optax.adam(rate, **o), **b),
    whole("adamax", lambda rate: optax.adamax(rate, **o), **b),
    whole("nadam", lambda rate: optax.nadam(rate, **o), **b),
    whole("amsgrad", lambda rate: optax.amsgrad(rate, **o), **b),
    case("adagrad", adagrad(1e-3), epsilon=1e-3),
    whole(
        "rmsprop",
        lambda rate: optax.rmsprop(rate, decay=0.95, eps=1e-6, eps_in_sqrt=False),
        beta2=0.95,
        epsilon=1e-6,
    ),
    whole("adadelta", lambda rate: optax.adadelta(rate, rho=0.95, eps=1e-3), beta2=0.95, epsilon=1e-3),
    case("lion", optax.scale_by_lion(b1=0.8, b2=0.95), 0.2, True, beta1=0.8, beta2=0.95),
    # From beta2 = 0.95 on, rectification begins within the 20 rounds.
    case("radam", radam(0.8, 0.95, 1e-6), **b),
    case("adamw", optax.scale_by_adam(**o), 0.3, True, **b),
    case("adam", optax.scale_by_adam(), 0.3, True),
    case("nadam", optax.scale_by_adam(nesterov=True), 0.3, True),
    case("radam", optax.scale_by_radam(), 0.3, True),
    case("sgd", optax.identity(), 0.3, True),
]
document = {
    "theta": theta.tolist(),
    "gradients": gradients.tolist(),
    "rates": rates.tolist(),
    "cases": cases,
}
print(json.dumps(document, indent=1))
